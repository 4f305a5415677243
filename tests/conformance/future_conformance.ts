/** What a `Future` does, whoever settles it. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, InvalidStateError, TimeoutError } from "../../errors.ts";
import type { Future } from "../../pool/mod.ts";
import { failure } from "./pool_support.ts";
import { BAD_TIMEOUTS, turn, until } from "./support.ts";

/** What a future ends with: a value, or an error that is thrown. */
export type Ending = number | Error;

/** A future with what it takes to bring it to its end. */
export interface FutureSource {
  /** The future, pending. */
  readonly future: Future<unknown>;
  /** Lets it run; resolves when `running()` is true. */
  begin(): Promise<void>;
  /** Lets it end, running or not; does not wait for that. */
  finish(): void;
  /** Frees what it used. */
  close(): Promise<void>;
}

/** A kind of future. */
export interface FutureKind {
  /** The name for the tests. */
  readonly name: string;
  /** Makes a pending future that will end in a certain way. */
  readonly make: (ending: Ending) => FutureSource;
  /** Whether it may be settled by hand. */
  readonly byHand: boolean;
}

/** Runs the suite. */
export function futureConformance(kind: FutureKind): void {
  const { name } = kind;

  /** Runs a test with a pending future. */
  const withFuture = async (
    ending: Ending,
    fn: (source: FutureSource) => void | Promise<void>,
  ): Promise<void> => {
    const source = kind.make(ending);
    try {
      await fn(source);
    } finally {
      source.finish();
      await source.close();
    }
  };

  /** Brings a future to its end: `"cancelled"` by its cancellation. */
  const end = async (source: FutureSource, how: string): Promise<void> => {
    if (how === "cancelled") {
      assert(source.future.cancel());
    } else {
      if (!source.future.running()) await source.begin();
      source.finish();
    }
    await source.future.exception().catch(() => null);
  };

  const endings: readonly (readonly [string, Ending])[] = [
    ["value", 7],
    ["error", new RangeError("failed")],
    ["cancelled", 7],
  ];

  for (const [how, ending] of endings) {
    Deno.test(`${name}.addDoneCallback() before the end calls once, with the future: ${how} [F01]`, async () => {
      await withFuture(ending, async (source) => {
        const seen: unknown[] = [];
        source.future.addDoneCallback((future) => {
          seen.push(future, future.done());
        });
        await turn();
        assertEquals(seen.length, 0);
        await end(source, how);
        await turn();
        assertEquals(seen.length, 2);
        assert(seen[0] === source.future);
        assertEquals(seen[1], true);
      });
    });

    Deno.test(`${name}.addDoneCallback() after the end calls at once: ${how} [F02]`, async () => {
      await withFuture(ending, async (source) => {
        await end(source, how);
        let seen: unknown = null;
        source.future.addDoneCallback((future) => {
          seen = future;
        });
        assert(seen === source.future);
      });
    });

    Deno.test(`${name}.addDoneCallback() keeps the order, whatever a callback throws: ${how} [F04]`, async () => {
      await withFuture(ending, async (source) => {
        const order: number[] = [];
        for (let i = 0; i < 5; i++) {
          source.future.addDoneCallback(() => {
            order.push(i);
          });
        }
        await end(source, how);
        await turn();
        assertEquals(order, [0, 1, 2, 3, 4]);
      });
    });

    Deno.test(`${name}.done(), cancelled() and running() tell the state: ${how} [F07]`, async () => {
      await withFuture(ending, async (source) => {
        const { future } = source;
        const states = (): boolean[] => [future.running(), future.done(), future.cancelled()];
        assertEquals(states(), [false, false, false]);
        if (how === "cancelled") {
          assertEquals(future.cancel(), true);
          assertEquals(states(), [false, true, true]);
          assertEquals(future.cancel(), true);
        } else {
          await source.begin();
          assertEquals(states(), [true, false, false]);
          assertEquals(future.cancel(), false);
          source.finish();
          await future.exception();
          assertEquals(future.cancel(), false);
          assertEquals(states(), [false, true, false]);
        }
      });
    });

    Deno.test(`${name}.result() and exception() give what there is: ${how} [F08, F10]`, async () => {
      await withFuture(ending, async (source) => {
        const { future } = source;
        const looks = [
          () => future.result({ timeout: 0 }),
          () => future.exception({ timeout: 0 }),
          async () => await future.resultSync({ timeout: 0 }),
        ];
        for (const look of looks) await assertRejects(look, TimeoutError);
        if (how !== "cancelled") {
          await source.begin();
          for (const look of looks) await assertRejects(look, TimeoutError);
        }
        const waits = [future.result(), future.exception(), (async () => await future)()];
        const settled = Promise.allSettled(waits);
        await end(source, how);
        if (how === "cancelled") {
          for (const look of looks) await assertRejects(look, CancelledError);
          for (const wait of waits) await failure(wait, CancelledError);
        } else if (how === "error") {
          await assertRejects(looks[0] as () => Promise<unknown>, RangeError, "failed");
          await assertRejects(looks[2] as () => Promise<unknown>, RangeError, "failed");
          await failure(future, RangeError, "failed");
          const error = await future.exception({ timeout: 0 });
          assert(error instanceof RangeError);
          assert(error === await future.result().catch((thrown) => thrown));
          assertEquals(await waits[1], error);
        } else {
          assertEquals(await Promise.all(looks.map((look) => look())), [7, null, 7]);
          assertEquals(await Promise.all(waits), [7, null, 7]);
          assertEquals(await future, 7);
        }
        await settled;
      });
    });

    Deno.test(`${name}.toString() has the state: ${how} [F05]`, async () => {
      await withFuture(ending, async (source) => {
        assertMatch(String(source.future), /^<Future.* state=pending>$/);
        if (how !== "cancelled") {
          await source.begin();
          assertMatch(String(source.future), /^<Future.* state=running>$/);
        }
        await end(source, how);
        assertMatch(
          String(source.future),
          {
            value: /^<Future.* state=finished returned number>$/,
            error: /^<Future.* state=finished raised RangeError>$/,
            cancelled: /^<Future.* state=cancelled>$/,
          }[how] as RegExp,
        );
      });
    });
  }

  Deno.test(`${name}.addDoneCallback() callback that throws harms nobody`, async () => {
    await withFuture(7, async (source) => {
      const order: string[] = [];
      source.future.addDoneCallback(() => {
        order.push("first");
        throw new RangeError("a broken callback");
      });
      source.future.addDoneCallback(() => {
        order.push("second");
      });
      await end(source, "value");
      await turn();
      source.future.addDoneCallback(() => {
        order.push("third");
        throw new RangeError("another broken callback");
      });
      await turn();
      assertEquals(order, ["first", "second", "third"]);
      assertEquals(await source.future, 7);
    });
  });

  Deno.test(`${name}.addDoneCallback() may add callbacks and cancel in a callback`, async () => {
    await withFuture(7, async (source) => {
      const order: string[] = [];
      source.future.addDoneCallback((future) => {
        order.push(`outer ${future.cancel()}`);
        future.addDoneCallback(() => {
          order.push("inner");
        });
      });
      source.future.addDoneCallback(() => {
        order.push("next");
      });
      await end(source, "value");
      await turn();
      assertEquals(order.sort(), ["inner", "next", "outer false"]);
    });
  });

  Deno.test(`${name}.addDoneCallback() refuses what is no function`, async () => {
    await withFuture(7, ({ future }) => {
      for (const bad of [null, undefined, 7, "fn", {}]) {
        assertThrows(() => future.addDoneCallback(bad as never), TypeError);
      }
    });
  });

  Deno.test(`${name}.result() rejects on a bad timeout, and when its signal is aborted`, async () => {
    await withFuture(7, async (source) => {
      const { future } = source;
      for (const [timeout, ErrorClass] of BAD_TIMEOUTS) {
        const options = { timeout: timeout as number };
        await assertRejects(() => future.result(options), ErrorClass);
        await assertRejects(() => future.exception(options), ErrorClass);
        assertThrows(() => future.resultSync(options), ErrorClass);
      }
      const controller = new AbortController();
      const { signal } = controller;
      const waits = [future.result({ signal }), future.exception({ signal })];
      controller.abort("enough");
      for (const wait of [...waits, future.result({ signal })]) {
        assertEquals(await wait.catch((reason) => reason), "enough");
      }
      assertEquals(future.done(), false);
      await end(source, "value");
      assertEquals(await future.result(), 7);
    });
  });

  Deno.test(`${name}.result() timed out changes nothing`, async () => {
    await withFuture(7, async (source) => {
      const { future } = source;
      await assertRejects(() => future.result({ timeout: 5 }), TimeoutError);
      assertThrows(() => future.resultSync({ timeout: 5 }), TimeoutError);
      assertEquals([future.done(), future.cancelled()], [false, false]);
      await end(source, "value");
      assertEquals(await future.result({ timeout: 0 }), 7);
      assertEquals(await future.result(), 7);
    });
  });

  Deno.test(`${name} can be awaited as often as one likes, and joins promises`, async () => {
    await withFuture(7, async (source) => {
      const { future } = source;
      const waits = Promise.all([future, future, future.then((value) => value as number + 1)]);
      await end(source, "value");
      assertEquals(await waits, [7, 7, 8]);
      assertEquals(await Promise.race([future, new Promise(() => {})]), 7);
      assertEquals(await future.then(null), 7);
    });
  });

  Deno.test(`${name} that fails unseen does not end the program`, async () => {
    await withFuture(new RangeError("nobody looks"), async (source) => {
      await source.begin();
      source.finish();
      await until(() => source.future.done());
      for (let i = 0; i < 5; i++) await turn();
    });
    await withFuture(7, async ({ future }) => {
      assert(future.cancel());
      for (let i = 0; i < 5; i++) await turn();
    });
  });

  if (!kind.byHand) return;

  Deno.test(`${name}.setResult() and setException() work once [F11]`, async () => {
    for (const first of ["setResult", "setException"] as const) {
      await withFuture(7, ({ future }) => {
        future[first](new RangeError("first"));
        const second = new RangeError("second");
        assertThrows(() => future.setResult(second), InvalidStateError);
        assertThrows(() => future.setException(second), InvalidStateError);
      });
    }
    await withFuture(7, ({ future }) => {
      future.cancel();
      assertThrows(() => future.setResult(7), InvalidStateError);
      assertThrows(() => future.setException(new RangeError("late")), InvalidStateError);
    });
  });

  Deno.test(`${name}.setResult() gives the value itself, no copy`, async () => {
    await withFuture(7, async ({ future }) => {
      const value = { shared: [] };
      future.setResult(value);
      assert(await future.result() === value);
      assert(future.resultSync() === value);
    });
  });
}

/*
 * Left out:
 *
 * F05  the rest of Python's form (an address) means nothing here
 * F11  for futures of executors: setting them by hand is not part of what they are for
 */
