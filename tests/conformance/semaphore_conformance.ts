/** What a `Semaphore` and a `BoundedSemaphore` do. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { InvalidStateError, TimeoutError } from "../../errors.ts";
import type { Guard, Semaphore } from "../../sync/mod.ts";
import { mutexConformance } from "./mutex_conformance.ts";
import {
  acquireAs,
  type AcquireOptions,
  assertLeavesNothing,
  assertPending,
  COMBINATIONS,
  type Mutex,
  SCOPES,
  SHARED,
  type TestedScope,
  turn,
} from "./support.ts";

/** Makes a semaphore. */
export type MakeSemaphore = (value?: number, options?: { scope: TestedScope }) => Semaphore;

/** A semaphore of one permit as a mutex. */
class OnePermit implements Mutex {
  readonly semaphore: Semaphore;

  constructor(semaphore: Semaphore) {
    this.semaphore = semaphore;
  }

  acquire(options?: AcquireOptions): Promise<Guard> {
    return this.semaphore.acquire(options);
  }

  acquireSync(options?: AcquireOptions): Guard {
    return this.semaphore.acquireSync(options);
  }

  tryAcquire(): Guard | null {
    return this.semaphore.tryAcquire();
  }

  locked(): boolean {
    return this.semaphore.value === 0;
  }
}

/** Runs the suite for `name`, of which there may be more permits than at first, or not. */
export function semaphoreConformance(name: string, make: MakeSemaphore, bounded: boolean): void {
  mutexConformance({
    name: `${name}(1)`,
    make: (options) => new OnePermit(make(1, options)),
    object: (mutex) => (mutex as OnePermit).semaphore,
  });

  /** A semaphore without a permit, to which `permits` can be released. */
  const makeEmpty = (permits: number, scope: TestedScope): Semaphore => {
    if (!bounded) return make(0, { scope });
    const semaphore = make(permits, { scope });
    for (let i = 0; i < permits; i++) semaphore.acquireSync();
    return semaphore;
  };

  for (const [scope, colour] of COMBINATIONS) {
    Deno.test(`${name}.acquire() takes one permit a time [${scope}, ${colour}]`, async () => {
      const semaphore = make(3, { scope });
      const guards: Guard[] = [];
      for (let left = 2; left >= 0; left--) {
        guards.push(await acquireAs(new OnePermit(semaphore), colour));
        assertEquals(semaphore.value, left);
      }
      assertEquals(semaphore.tryAcquire(), null);
      await assertLeavesNothing(scope, async () => {
        await assertRejects(
          () => acquireAs(new OnePermit(semaphore), colour, { timeout: 0 }),
          TimeoutError,
          "Cannot acquire semaphore: timed out after 0 ms",
        );
      });
      for (const guard of guards) guard.release();
      for (const guard of guards) guard[Symbol.dispose]();
      assertEquals(semaphore.value, 3);
    });
  }

  for (const scope of SCOPES) {
    Deno.test(`${name}(7) lets seven of ten pass, then one a release [${scope}]`, async () => {
      const semaphore = make(7, { scope });
      let passed = 0;
      const waiters = Array.from({ length: 10 }, () =>
        semaphore.acquire().then((guard) => {
          passed++;
          return guard;
        }));
      await Promise.all(waiters.slice(0, 7));
      await turn();
      assertEquals([passed, semaphore.value], [7, 0]);
      for (let i = 0; i < 3; i++) {
        (await waiters[i] as Guard).release();
        await waiters[7 + i];
        await turn();
        assertEquals([passed, semaphore.value], [8 + i, 0]);
      }
      for (const waiter of waiters) (await waiter).release();
      assertEquals(semaphore.value, 7);
    });

    Deno.test(`${name}.release(n) lets n waiters pass, in order [${scope}]`, async () => {
      const semaphore = makeEmpty(5, scope);
      await assertLeavesNothing(scope, async () => {
        const order: number[] = [];
        const waiters = Array.from(
          { length: 5 },
          (_, i) => semaphore.acquire().then(() => order.push(i)),
        );
        semaphore.release(2);
        await Promise.all(waiters.slice(0, 2));
        await turn();
        assertEquals([order, semaphore.value], [[0, 1], 0]);
        semaphore.release(3);
        await Promise.all(waiters);
        assertEquals([order, semaphore.value], [[0, 1, 2, 3, 4], 0]);
      });
    });

    Deno.test(`${name}.acquire() queues behind those who wait [${scope}]`, async () => {
      const semaphore = makeEmpty(2, scope);
      const first = semaphore.acquire();
      semaphore.release();
      assertEquals(semaphore.tryAcquire(), null);
      await first;
      semaphore.release(1);
      const guard = semaphore.tryAcquire();
      assert(guard !== null);
    });

    Deno.test(`${name}.acquire() passes on what one that gave up has no use for [${scope}]`, async () => {
      const semaphore = makeEmpty(1, scope);
      const controller = new AbortController();
      await assertLeavesNothing(scope, async () => {
        const first = semaphore.acquire({ signal: controller.signal });
        const second = semaphore.acquire();
        semaphore.release();
        controller.abort("gone");
        const seen = await first.catch((error) => error);
        if (seen !== "gone") (seen as Guard).release();
        (await second).release();
        assertEquals(semaphore.value, 1);
      });
    });

    Deno.test(`${name}.release() makes the guards of the oldest acquisitions stale [${scope}]`, () => {
      const semaphore = make(3, { scope });
      const [one, two, three] = [
        semaphore.acquireSync(),
        semaphore.acquireSync(),
        semaphore.acquireSync(),
      ];
      semaphore.release(2);
      assertEquals(semaphore.value, 2);
      one.release();
      two.release();
      assertEquals(semaphore.value, 2);
      three.release();
      three.release();
      assertEquals(semaphore.value, 3);
    });

    Deno.test(`${name}.with() gives the permit back, nested and after an error [${scope}]`, async () => {
      const semaphore = make(2, { scope });
      const seen = await semaphore.with(async () => [
        semaphore.value,
        await semaphore.with(() => semaphore.value),
        semaphore.value,
      ]);
      assertEquals(seen, [1, 0, 1]);
      await assertRejects(
        () => semaphore.with(() => Promise.reject(new RangeError("inside"))),
        RangeError,
      );
      assertEquals(semaphore.value, 2);
    });

    Deno.test(`${name}.release() throws when there would be too many [${scope}]`, () => {
      const semaphore = make(2, { scope });
      if (!bounded) {
        semaphore.release();
        semaphore.release(4);
        assertEquals(semaphore.value, 7);
        const most = 2 ** 29 - 1;
        assertThrows(() => semaphore.release(most), InvalidStateError, `more than ${most}`);
        assertEquals(semaphore.value, 7);
        return;
      }
      const message = "Cannot release semaphore: there would be more than 2 permits";
      assertThrows(() => semaphore.release(), InvalidStateError, message);
      const guard = semaphore.acquireSync();
      assertThrows(() => semaphore.release(2), InvalidStateError, message);
      assertEquals(semaphore.value, 1);
      semaphore.release();
      assertThrows(() => semaphore.release(), InvalidStateError, message);
      guard.release();
      assertEquals(semaphore.value, 2);
    });

    Deno.test(`${name}.release() rejects bad numbers [${scope}]`, () => {
      const semaphore = make(2, { scope });
      semaphore.acquireSync();
      for (const n of [0, -1, 0.5, NaN, Infinity, 2 ** 29]) {
        assertThrows(() => semaphore.release(n), RangeError, "'n' must be an integer");
      }
      for (const n of ["1", null, 1n, {}]) {
        assertThrows(() => semaphore.release(n as unknown as number), TypeError, "'n' must be");
      }
      assertEquals(semaphore.value, 1);
    });

    Deno.test(`${name}.toString() tells its permits [${scope}]`, () => {
      const semaphore = make(3, { scope });
      const guard = semaphore.acquireSync();
      assertEquals(String(semaphore), bounded ? `<${name} value=2/3>` : `<${name} value=2>`);
      guard.release();
      assertEquals(String(semaphore), bounded ? `<${name} value=3/3>` : `<${name} value=3>`);
    });
  }

  Deno.test(`${name} has one permit by default, and may have none`, async () => {
    assertEquals(make().value, 1);
    const none = make(0);
    assertEquals(none.value, 0);
    assertEquals(none.tryAcquire(), null);
    const waiting = none.acquire();
    await assertPending(waiting);
    if (bounded) {
      assertThrows(() => none.release(), InvalidStateError);
      return;
    }
    none.release();
    (await waiting).release();
    assertEquals(none.value, 1);
  });

  Deno.test(`${name} rejects bad numbers of permits`, () => {
    for (const value of [-1, 0.5, NaN, Infinity, 2 ** 29]) {
      assertThrows(() => make(value), RangeError, "'value' must be an integer from 0");
    }
    for (const value of ["1", 1n, {}, true]) {
      assertThrows(() => make(value as unknown as number), TypeError, "'value' must be a number");
    }
    assertEquals(make(2 ** 29 - 1).value, 2 ** 29 - 1);
  });

  Deno.test(`${name} decoded in its own thread is the same object`, () => {
    const semaphore = make(2);
    const { bytes, buffers } = encode([semaphore], SHARED);
    assert((decode(bytes, buffers) as Semaphore[])[0] === semaphore);
    assertFalse((decode(bytes, buffers) as Semaphore[])[0] === make(2));
  });
}
