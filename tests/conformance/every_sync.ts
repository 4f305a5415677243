/** The suites of `sync/`, all of them, at the scope that is tested. */

import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  RWLock,
  Semaphore,
} from "../../sync/mod.ts";
import { barrierConformance } from "./barrier_conformance.ts";
import { conditionConformance } from "./condition_conformance.ts";
import { eventConformance } from "./event_conformance.ts";
import { lockConformance } from "./lock_conformance.ts";
import { rlockConformance } from "./rlock_conformance.ts";
import { rwlockConformance } from "./rwlock_conformance.ts";
import { semaphoreConformance } from "./semaphore_conformance.ts";
import { scoped } from "./support.ts";

/** Runs all suites of `sync/`. */
export function everySync(): void {
  lockConformance((options) => new Lock(scoped(options)));
  rlockConformance((options) => new RLock(scoped(options)));
  rwlockConformance((options) => new RWLock(scoped(options)));
  eventConformance((options) => new Event(scoped(options)));
  conditionConformance((lock, options) =>
    new Condition(lock, lock === undefined ? scoped(options) : options)
  );
  barrierConformance((parties, options) => new Barrier(parties, scoped(options)));
  semaphoreConformance(
    "Semaphore",
    (value, options) => new Semaphore(value, scoped(options)),
    false,
  );
  semaphoreConformance(
    "BoundedSemaphore",
    (value, options) => new BoundedSemaphore(value, scoped(options)),
    true,
  );
}
