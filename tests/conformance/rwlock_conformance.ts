/** What an `RWLock` does. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { DeadlockError, TimeoutError } from "../../errors.ts";
import type { Guard, RWLock } from "../../sync/mod.ts";
import { mutexConformance } from "./mutex_conformance.ts";
import {
  acquireAs,
  type AcquireOptions,
  assertLeavesNothing,
  assertPending,
  BAD_TIMEOUTS,
  COMBINATIONS,
  type Mutex,
  SCOPES,
  SHARED,
  type TestedScope,
  turn,
} from "./support.ts";

/** One side of a readers-writer lock, as a mutex. */
class Side implements Mutex {
  readonly lock: RWLock;
  readonly #reading: boolean;

  constructor(lock: RWLock, reading: boolean) {
    this.lock = lock;
    this.#reading = reading;
  }

  acquire(options?: AcquireOptions): Promise<Guard> {
    return this.#reading ? this.lock.acquireRead(options) : this.lock.acquireWrite(options);
  }

  acquireSync(options?: AcquireOptions): Guard {
    return this.#reading ? this.lock.acquireReadSync(options) : this.lock.acquireWriteSync(options);
  }

  tryAcquire(): Guard | null {
    return this.#reading ? this.lock.tryAcquireRead() : this.lock.tryAcquireWrite();
  }

  locked(): boolean {
    return this.lock.locked();
  }
}

/** Runs the suite. */
export function rwlockConformance(make: (options?: { scope: TestedScope }) => RWLock): void {
  mutexConformance({
    name: "RWLock write",
    make: (options) => new Side(make(options), false),
    object: (mutex) => (mutex as Side).lock,
  });

  for (const [scope, colour] of COMBINATIONS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`RWLock.acquireRead() lets readers share ${label}`, async () => {
      const lock = make({ scope });
      const side = new Side(lock, true);
      const guards = [
        await acquireAs(side, colour),
        await acquireAs(side, colour),
        await acquireAs(side, colour, { timeout: 0 }),
      ];
      assertEquals([lock.readers, lock.writing, lock.locked()], [3, false, true]);
      assertEquals(lock.tryAcquireWrite(), null);
      for (const guard of guards) {
        guard.release();
        guard[Symbol.dispose]();
      }
      assertEquals([lock.readers, lock.locked()], [0, false]);
      lock.tryAcquireWrite()?.release();
    });

    Deno.test(`RWLock.acquireRead() is kept out by a writer ${label}`, async () => {
      const lock = make({ scope });
      const guard = await acquireAs(new Side(lock, false), colour);
      assertEquals([lock.readers, lock.writing, lock.locked()], [0, true, true]);
      assertEquals(lock.tryAcquireRead(), null);
      await assertLeavesNothing(scope, async () => {
        await assertRejects(
          () => acquireAs(new Side(lock, true), colour, { timeout: 0 }),
          TimeoutError,
          "for reading: timed out after 0 ms",
        );
      });
      guard.release();
      assertFalse(lock.locked());
    });

    Deno.test(`RWLock.acquireRead() rejects bad timeouts ${label}`, async () => {
      for (const [timeout, error] of BAD_TIMEOUTS) {
        await assertRejects(
          () => acquireAs(new Side(make({ scope }), true), colour, { timeout: timeout as number }),
          error,
        );
      }
    });
  }

  for (const scope of SCOPES) {
    Deno.test(`RWLock prefers a writer that waits to new readers [${scope}]`, async () => {
      const lock = make({ scope });
      const order: string[] = [];
      const note = (what: string) => (guard: Guard): void => {
        order.push(what);
        guard.release();
      };
      await assertLeavesNothing(scope, async () => {
        const reading = await lock.acquireRead();
        const writer = lock.acquireWrite().then(note("writer"));
        assertEquals(lock.tryAcquireRead(), null);
        const reader = lock.acquireRead().then(note("reader"));
        await assertPending(Promise.race([writer, reader]));
        reading.release();
        await Promise.all([writer, reader]);
      });
      assertEquals(order, ["writer", "reader"]);
      assertFalse(lock.locked());
    });

    Deno.test(`RWLock lets all waiting readers in together [${scope}]`, async () => {
      const lock = make({ scope });
      const writing = await lock.acquireWrite();
      const readers = Array.from({ length: 10 }, () => lock.acquireRead());
      writing.release();
      const guards = await Promise.all(readers);
      assertEquals(lock.readers, 10);
      for (const guard of guards) guard.release();
      assertFalse(lock.locked());
    });

    Deno.test(`RWLock starves nobody: turns alternate [${scope}]`, async () => {
      const lock = make({ scope });
      const order: string[] = [];
      const first = await lock.acquireWrite();
      const jobs: Promise<void>[] = [];
      for (let i = 0; i < 3; i++) {
        for (const side of ["W", "R"]) {
          jobs.push((async () => {
            const guard = await (side === "W" ? lock.acquireWrite() : lock.acquireRead());
            order.push(side);
            await undefined;
            guard.release();
          })());
        }
      }
      first.release();
      await Promise.all(jobs);
      assertEquals(order.filter((side) => side === "W").length, 3);
      // The readers were waiting when a writer was preferred: they come right after it.
      const reading = order.indexOf("R");
      assert(reading <= 1, order.join(""));
      assertEquals(order.slice(reading, reading + 3).join(""), "RRR");
      assertFalse(lock.locked());
    });

    Deno.test(`RWLock writers get in while readers keep coming [${scope}]`, async () => {
      const lock = make({ scope });
      let written = 0;
      let stop = false;
      const reader = async (): Promise<void> => {
        while (!stop) {
          const guard = await lock.acquireRead();
          await turn();
          guard.release();
        }
      };
      const readers = [reader(), reader(), reader()];
      await turn();
      for (let i = 0; i < 10; i++) {
        const guard = await lock.acquireWrite({ timeout: 10_000 });
        assertEquals(lock.readers, 0);
        written++;
        guard.release();
      }
      stop = true;
      await Promise.all(readers);
      assertEquals(written, 10);
    });

    Deno.test(`RWLock readers get in while writers keep coming [${scope}]`, async () => {
      const lock = make({ scope });
      let stop = false;
      const writer = async (): Promise<void> => {
        while (!stop) {
          const guard = await lock.acquireWrite();
          await turn();
          guard.release();
        }
      };
      const writers = [writer(), writer(), writer()];
      await turn();
      for (let i = 0; i < 10; i++) {
        const guard = await lock.acquireRead({ timeout: 10_000 });
        assertFalse(lock.writing);
        guard.release();
      }
      stop = true;
      await Promise.all(writers);
    });

    Deno.test(`RWLock lets readers in when the writer before them gives up [${scope}]`, async () => {
      const lock = make({ scope });
      await assertLeavesNothing(scope, async () => {
        for (const how of ["abort", "timeout"]) {
          const reading = await lock.acquireRead();
          const controller = new AbortController();
          const writer = lock.acquireWrite(
            how === "abort" ? { signal: controller.signal } : { timeout: 2 },
          );
          const reader = lock.acquireRead();
          controller.abort("gone");
          const error = await writer.catch((error) => error);
          assert(how === "abort" ? error === "gone" : error instanceof TimeoutError);
          (await reader).release();
          reading.release();
          assertFalse(lock.locked());
        }
      });
    });

    Deno.test(`RWLock.acquireRead() rejects when it is aborted [${scope}]`, async () => {
      const lock = make({ scope });
      const writing = await lock.acquireWrite();
      await assertLeavesNothing(scope, async () => {
        const controller = new AbortController();
        const reader = lock.acquireRead({ signal: controller.signal });
        controller.abort("enough");
        assertEquals(await reader.catch((error) => error), "enough");
        const signal = AbortSignal.abort("before");
        assertEquals(await lock.acquireRead({ signal }).catch((error) => error), "before");
      });
      writing.release();
      assertFalse(lock.locked());
    });

    Deno.test(`RWLock.toString() tells its state [${scope}]`, () => {
      const lock = make({ scope });
      assertEquals(String(lock), "<RWLock readers=0>");
      const reading = lock.acquireReadSync();
      assertEquals(String(lock), "<RWLock readers=1>");
      reading.release();
      const writing = lock.acquireWriteSync();
      assertEquals(String(lock), "<RWLock writing>");
      writing.release();
    });
  }

  Deno.test("RWLock.acquireReadSync() throws DeadlockError instead of hanging", async () => {
    for (const scope of SCOPES) {
      const lock = make({ scope });
      const writing = lock.acquireWriteSync();
      await assertLeavesNothing(scope, () => {
        assertThrows(() => lock.acquireReadSync(), DeadlockError);
      });
      writing.release();
      const reading = lock.acquireReadSync();
      await assertLeavesNothing(scope, () => {
        assertThrows(() => lock.acquireWriteSync(), DeadlockError);
      });
      reading.release();
    }
  });

  Deno.test("RWLock decoded in its own thread is the same object", () => {
    const lock = make();
    const { bytes, buffers } = encode(new Map([["lock", lock]]), SHARED);
    assert((decode(bytes, buffers) as Map<string, RWLock>).get("lock") === lock);
  });
}
