/** What a `Lock` does beyond every mutex. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { DeadlockError, InvalidStateError } from "../../errors.ts";
import type { Lock } from "../../sync/mod.ts";
import { mutexConformance } from "./mutex_conformance.ts";
import { SCOPES, SHARED, type TestedScope } from "./support.ts";

/** Runs the suite for `Lock`. */
export function lockConformance(make: (options?: { scope: TestedScope }) => Lock): void {
  mutexConformance({ name: "Lock", make, object: (mutex) => mutex });

  for (const scope of SCOPES) {
    Deno.test(`Lock.release() needs no guard [${scope}]`, async () => {
      const lock = make({ scope });
      await lock.acquire();
      lock.release();
      assertFalse(lock.locked());
      lock.acquireSync();
      lock.release();
      assert(lock.tryAcquire() !== null);
      lock.release();
      assertFalse(lock.locked());
    });

    Deno.test(`Lock.release() throws when it is not held [${scope}]`, () => {
      const lock = make({ scope });
      const message = "Cannot release lock: it is not held";
      assertThrows(() => lock.release(), InvalidStateError, message);
      lock.acquireSync();
      lock.release();
      assertThrows(() => lock.release(), InvalidStateError, message);
      assertFalse(lock.locked());
    });

    Deno.test(`Lock guards are stale after release() [${scope}]`, async () => {
      const lock = make({ scope });
      const stale = await lock.acquire();
      lock.release();
      const other = await lock.acquire();
      stale.release();
      assert(lock.locked());
      other.release();
      assertFalse(lock.locked());
      other.release();
      assertFalse(lock.locked());
    });

    Deno.test(`Lock guards are stale after release() handed the lock on [${scope}]`, async () => {
      const lock = make({ scope });
      const stale = await lock.acquire();
      const waiting = lock.acquire();
      lock.release();
      stale.release();
      const other = await waiting;
      stale.release();
      assert(lock.locked());
      other.release();
      assertFalse(lock.locked());
    });

    Deno.test(`Lock.with() releases after a result and after an error [${scope}]`, async () => {
      const lock = make({ scope });
      assertEquals(await lock.with(() => lock.locked()), true);
      assertEquals(await lock.with(() => Promise.resolve(7)), 7);
      assertFalse(lock.locked());
      await assertRejects(
        () =>
          lock.with(() => {
            throw new RangeError("inside");
          }),
        RangeError,
        "inside",
      );
      assertFalse(lock.locked());
      await assertRejects(() => lock.with(() => Promise.reject(new URIError("later"))), URIError);
      assertFalse(lock.locked());
    });

    Deno.test(`Lock.with() passes its options on and does not run what it could not [${scope}]`, async () => {
      const lock = make({ scope });
      const guard = lock.acquireSync();
      let ran = false;
      const run = (): void => {
        ran = true;
      };
      await assertRejects(() => lock.with(run, { timeout: 0 }));
      await assertRejects(() => lock.with(run, { signal: AbortSignal.abort() }));
      assertFalse(ran);
      guard.release();
      await lock.with(run, { timeout: 0 });
      assert(ran);
    });

    Deno.test(`Lock.with() may release itself [${scope}]`, async () => {
      const lock = make({ scope });
      await lock.with(() => lock.release());
      assertFalse(lock.locked());
    });

    Deno.test(`Lock.toString() tells its state [${scope}]`, () => {
      const lock = make({ scope });
      assertEquals(String(lock), "<Lock unlocked>");
      const guard = lock.acquireSync();
      assertEquals(String(lock), "<Lock locked>");
      guard.release();
      assertEquals(`${lock}`, "<Lock unlocked>");
    });
  }

  Deno.test("Lock.acquireSync() says who would wait for whom in a DeadlockError", () => {
    const lock = make();
    const guard = lock.acquireSync();
    assertThrows(() => lock.acquireSync(), DeadlockError, "this thread holds it already");
    guard.release();
  });

  Deno.test("Lock decoded in its own thread is the same object", () => {
    const lock = make();
    const { bytes, buffers } = encode({ deep: [lock, { lock }] }, SHARED);
    const copy = decode(bytes, buffers) as { deep: [Lock, { lock: Lock }] };
    assert(copy.deep[0] === lock);
    assert(copy.deep[1].lock === lock);
  });
}
