/** What an `RLock` does. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { setOwnerToken } from "../../_core/owner_token.ts";
import { InvalidStateError, TimeoutError } from "../../errors.ts";
import type { Guard, RLock } from "../../sync/mod.ts";
import { mutexConformance } from "./mutex_conformance.ts";
import { acquireAs, COMBINATIONS, SCOPES, SHARED, type TestedScope } from "./support.ts";

let owner = 0;
let owners = 0;

/** Runs something as an owner of its own, as a greenlet would. */
function asOther<T>(fn: () => T): T {
  owner = ++owners;
  try {
    return fn();
  } finally {
    owner = 0;
  }
}

/** Runs the suite for `RLock`. */
export function rlockConformance(make: (options?: { scope: TestedScope }) => RLock): void {
  setOwnerToken(() => owner);
  mutexConformance({ name: "RLock", make, object: (mutex) => mutex, asOther });

  for (const [scope, colour] of COMBINATIONS) {
    Deno.test(`RLock.acquire() nests, and is released as often [${scope}, ${colour}]`, async () => {
      const lock = make({ scope });
      for (let n = 1; n <= 5; n++) {
        await acquireAs(lock, colour);
        assertEquals(lock.recursionCount(), n);
      }
      for (let n = 4; n >= 0; n--) {
        assert(lock.locked());
        lock.release();
        assertEquals(lock.recursionCount(), n);
      }
      assertFalse(lock.locked());
      assertThrows(
        () => lock.release(),
        InvalidStateError,
        "Cannot release re-entrant lock: it is not held",
      );
    });
  }

  for (const scope of SCOPES) {
    Deno.test(`RLock.tryAcquire() nests [${scope}]`, () => {
      const lock = make({ scope });
      const guards: (Guard | null)[] = [lock.tryAcquire(), lock.tryAcquire(), lock.tryAcquire()];
      assertEquals(lock.recursionCount(), 3);
      for (const guard of guards) guard?.release();
      assertFalse(lock.locked());
    });

    Deno.test(`RLock.release() belongs to the owner [${scope}]`, async () => {
      const lock = make({ scope });
      await lock.acquire();
      assertEquals(asOther(() => lock.recursionCount()), 0);
      assertEquals(asOther(() => lock.tryAcquire()), null);
      assertThrows(
        () => asOther(() => lock.release()),
        InvalidStateError,
        "Cannot release re-entrant lock: it is held by another owner",
      );
      assertEquals(lock.recursionCount(), 1);
      await assertRejects(() => asOther(() => lock.acquire({ timeout: 2 })), TimeoutError);
      lock.release();
    });

    Deno.test(`RLock guards release one level each, in any order [${scope}]`, () => {
      const lock = make({ scope });
      const [one, two, three] = [lock.acquireSync(), lock.acquireSync(), lock.acquireSync()];
      one.release();
      one.release();
      assertEquals(lock.recursionCount(), 2);
      three.release();
      assertEquals(lock.recursionCount(), 1);
      three[Symbol.dispose]();
      assertEquals(lock.recursionCount(), 1);
      two[Symbol.dispose]();
      assertFalse(lock.locked());
    });

    Deno.test(`RLock guards are stale after release() [${scope}]`, () => {
      const lock = make({ scope });
      const outer = lock.acquireSync();
      const inner = lock.acquireSync();
      lock.release();
      inner.release();
      assertEquals(lock.recursionCount(), 1);
      lock.release();
      const other = asOther(() => lock.acquireSync());
      outer.release();
      inner.release();
      assert(lock.locked());
      asOther(() => other.release());
      assertFalse(lock.locked());
    });

    Deno.test(`RLock.with() nests and releases [${scope}]`, async () => {
      const lock = make({ scope });
      const counts = await lock.with(async () => [
        lock.recursionCount(),
        await lock.with(() => lock.recursionCount()),
        lock.recursionCount(),
      ]);
      assertEquals(counts, [1, 2, 1]);
      await assertRejects(
        () => lock.with(() => lock.with(() => Promise.reject(new RangeError("inside")))),
        RangeError,
      );
      assertFalse(lock.locked());
    });

    Deno.test(`RLock.toString() tells its state [${scope}]`, () => {
      const lock = make({ scope });
      assertEquals(String(lock), "<RLock unlocked>");
      lock.acquireSync();
      lock.acquireSync();
      lock.release();
      assertEquals(String(lock), "<RLock locked>");
      lock.release();
      assertEquals(String(lock), "<RLock unlocked>");
    });
  }

  Deno.test("RLock decoded in its own thread is the same object", () => {
    const lock = make();
    const { bytes, buffers } = encode([lock, lock], SHARED);
    assertEquals((decode(bytes, buffers) as RLock[]).map((copy) => copy === lock), [true, true]);
  });
}
