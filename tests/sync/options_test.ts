import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TimeoutError } from "../../errors.ts";
import { Barrier, Condition, Event, Lock, RLock, RWLock, Semaphore } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";

/** Python's habits: `acquire(False)`, `wait(5)`. A timeout that is lost would be a wait for ever. */
const NO_OPTIONS = [5, false, "5", null, () => {}] as never[];

Deno.test("waits refuse options that are no object", async () => {
  const condition = new Condition();
  using _ = condition.acquireSync();
  const thread = new Thread({ target: () => 1 }).start();
  const waits: ((options: never) => Promise<unknown>)[] = [
    (options) => new Lock().acquire(options),
    (options) => new Lock().with(() => {}, options),
    (options) => new RLock().acquire(options),
    (options) => new RWLock().acquireRead(options),
    (options) => new RWLock().acquireWrite(options),
    (options) => new Semaphore().acquire(options),
    (options) => new Event().wait(options),
    (options) => new Barrier(1).wait(options),
    (options) => condition.wait(options),
    (options) => condition.waitFor(() => true, options),
    (options) => thread.join(options),
  ];
  const syncWaits: ((options: never) => unknown)[] = [
    (options) => new Lock().acquireSync(options),
    (options) => new RLock().acquireSync(options),
    (options) => new RWLock().acquireReadSync(options),
    (options) => new RWLock().acquireWriteSync(options),
    (options) => new Semaphore().acquireSync(options),
    (options) => new Event().waitSync(options),
    (options) => new Barrier(1).waitSync(options),
    (options) => condition.waitSync(options),
    (options) => condition.waitForSync(() => true, options),
    (options) => thread.joinSync(options),
  ];
  for (const options of NO_OPTIONS) {
    for (const wait of waits) {
      await assertRejects(() => wait(options), TypeError, "options must be an object");
    }
    for (const wait of syncWaits) {
      assertThrows(() => wait(options), TypeError, "options must be an object");
    }
  }
  assertEquals(await thread.join(), 1);
});

Deno.test("Barrier.wait() takes the barrier's timeout for one that is undefined", async () => {
  const timeout = undefined as unknown as number;
  await assertRejects(() => new Barrier(2, { timeout: 5 }).wait({ timeout }), TimeoutError);
  assertThrows(() => new Barrier(2, { timeout: 5 }).waitSync({ timeout }), TimeoutError);
});

Deno.test("Condition.waitFor() names the timeout that it was given", async () => {
  const condition = new Condition();
  using _ = condition.acquireSync();
  const options = { timeout: 20 };
  const late = "not notified within 20 ms";
  await assertRejects(() => condition.waitFor(() => false, options), TimeoutError, late);
  assertThrows(() => condition.waitForSync(() => false, options), TimeoutError, late);
});

Deno.test("Thread.join() takes timeouts that no timer can hold", async () => {
  const open = new Event();
  const thread = new Thread({ target: (open: Event) => open.waitSync(), args: [open] }).start();
  const joined = thread.join({ timeout: 2 ** 40 });
  await assertRejects(() => thread.join({ timeout: 20 }), TimeoutError);
  open.set();
  await joined;
  assert(!thread.isAlive());
});
