/** What every class of queues does. The first word of a name is the statement of Python's tests that it holds, if any. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import {
  DeadlockError,
  EmptyError,
  ShutDownError,
  TimeoutError,
  UnshareableError,
} from "../../errors.ts";
import { queueIterationConformance } from "./queue_iteration_conformance.ts";
import {
  assertSize,
  drain,
  getAs,
  putAs,
  type QueueKind,
  start,
  type Waiting,
  waiting,
  WAITS,
} from "./queue_support.ts";
import {
  assertLeavesNothing,
  assertPending,
  BAD_TIMEOUTS,
  COLOURS,
  COMBINATIONS,
  duration,
  SCOPES,
  SHARED,
  type TestedScope,
  turn,
  until,
} from "./support.ts";

/** Runs the suite. */
export function queueConformance(kind: QueueKind): void {
  const { name, make, order, title = name } = kind;
  queueIterationConformance(kind);

  for (const [scope, colour] of COMBINATIONS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`Q01 Q28 M28 ${title} is empty at first, and has what was put ${label}`, async () => {
      const queue = make(0, { scope });
      assertSize(queue, 0);
      await putAs(queue, colour, 1);
      assertSize(queue, 1);
      await putAs(queue, colour, 2);
      queue.putNowait(3);
      assertEquals(queue.tryPut(4), true);
      assertSize(queue, 4);
      const [first, second, third, last] = order([1, 2, 3, 4]);
      assertEquals(await getAs(queue, colour), first);
      assertEquals(queue.getNowait(), second);
      assertEquals(queue.tryGet(), { value: third });
      assertSize(queue, 1);
      assertEquals(await getAs(queue, colour, { timeout: 0 }), last);
      assertSize(queue, 0);
    });

    Deno.test(`Q02 M26 ${title} gives items in its order ${label}`, async () => {
      const queue = make(0, { scope });
      const put = Array.from({ length: 300 }, (_, i) => (i * 7919) % 300);
      for (const n of put) await putAs(queue, colour, n);
      assertSize(queue, 300);
      const got = [];
      for (let i = 0; i < 300; i++) got.push(await getAs(queue, colour));
      assertEquals(got, order(put));
      assertSize(queue, 0);
    });

    Deno.test(`Q04 Q28 Q37 ${title} that is empty gives nothing: at once, or when time is up ${label}`, async () => {
      const queue = make(0, { scope });
      await assertLeavesNothing(scope, async () => {
        assertEquals(queue.tryGet(), null);
        assertThrows(() => queue.getNowait(), EmptyError, "Cannot get item: the queue is empty");
        await assertRejects(() => getAs(queue, colour, { timeout: 0 }), TimeoutError, "Cannot get");
        if (scope === "local" && colour === "blocking") return;
        const took = await duration(() =>
          assertRejects(() => getAs(queue, colour, { timeout: 30 }), TimeoutError, "Cannot get")
        );
        assert(took >= 25 && took < 30_000, `it took ${took} ms`);
      });
      await putAs(queue, colour, 1, { timeout: 0 });
      assertEquals(await getAs(queue, colour, { timeout: 0 }), 1);
    });

    Deno.test(`Q05 ${title} rejects bad timeouts ${label}`, async () => {
      const queue = make(0, { scope });
      await putAs(queue, colour, 1);
      for (const [timeout, error] of BAD_TIMEOUTS) {
        const options = { timeout: timeout as number };
        for (
          const wait of [
            () => getAs(queue, colour, options),
            () => putAs(queue, colour, 2, options),
          ]
        ) {
          await assertRejects(wait, error, "'timeout' must be a number");
        }
      }
      assertSize(queue, 1);
    });

    Deno.test(`${title} accepts huge timeouts ${label}`, async () => {
      const queue = make(0, { scope });
      for (const timeout of [2 ** 31, 1e100, Infinity]) {
        await putAs(queue, colour, 1, { timeout });
        assertEquals(await getAs(queue, colour, { timeout }), 1);
      }
    });

    Deno.test(`${title} refuses options that are no object ${label}`, async () => {
      const queue = make(0, { scope });
      await putAs(queue, colour, 1);
      for (const options of [5, false, true, "5", null, () => {}] as never[]) {
        for (
          const wait of [
            () => getAs(queue, colour, options),
            () => putAs(queue, colour, 2, options),
          ]
        ) {
          await assertRejects(wait, TypeError, "options must be an object");
        }
      }
      await assertRejects(() => getAs(queue, colour, false as never), TypeError, "use tryGet()");
      assertSize(queue, 1);
    });

    Deno.test(`Q14 Q16 Q25 ${title}.shutdown() lets nothing in or out ${label}`, async () => {
      for (const immediate of [false, true]) {
        const queue = make(0, { scope });
        assertFalse(queue.isShutdown);
        queue.shutdown({ immediate });
        assert(queue.isShutdown);
        const message = "the queue is shut down";
        const calls = [
          () => queue.tryPut(1),
          () => queue.putNowait(1),
          () => queue.tryGet(),
          () => queue.getNowait(),
        ];
        for (const call of calls) assertThrows(call, ShutDownError, message);
        for (const options of [undefined, { timeout: 0 }, { timeout: 10_000 }]) {
          await assertRejects(() => putAs(queue, colour, 1, options), ShutDownError, message);
          await assertRejects(() => getAs(queue, colour, options), ShutDownError, message);
        }
        assertSize(queue, 0);
        for (const again of [false, true]) queue.shutdown({ immediate: again });
        assert(queue.isShutdown);
      }
    });

    Deno.test(`Q16 Q17 ${title}.shutdown() leaves the items that are there ${label}`, async () => {
      const queue = make(0, { scope });
      for (const n of [3, 1, 4, 5]) await putAs(queue, colour, n);
      queue.shutdown();
      assertThrows(() => queue.putNowait(2), ShutDownError);
      assertSize(queue, 4);
      const got = [
        await getAs(queue, colour),
        queue.getNowait(),
        queue.tryGet()?.value,
        await getAs(queue, colour, { timeout: 1000 }),
      ];
      assertEquals(got, order([3, 1, 4, 5]));
      assertThrows(() => queue.getNowait(), ShutDownError);
      assertThrows(() => queue.tryGet(), ShutDownError);
      await assertRejects(() => getAs(queue, colour), ShutDownError);
      await assertRejects(() => getAs(queue, colour, { timeout: 0 }), ShutDownError);
    });

    Deno.test(`Q19 ${title}.shutdown({ immediate: true }) throws away what is there ${label}`, async () => {
      for (const before of [false, true]) {
        const queue = make(0, { scope });
        for (const n of [1, 2, 3]) await putAs(queue, colour, n);
        if (before) queue.shutdown();
        queue.shutdown({ immediate: true });
        assertSize(queue, 0);
        assertThrows(() => queue.getNowait(), ShutDownError);
        await assertRejects(() => getAs(queue, colour), ShutDownError);
      }
    });
  }

  for (const [scope, colour] of WAITS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`Q07 ${title}.get() waits until something is put ${label}`, async () => {
      const queue = make(0, { scope });
      await assertLeavesNothing(scope, async () => {
        for (const put of COLOURS) {
          const getting = start(queue, colour, "get");
          await waiting(scope, 1);
          await assertPending(getting);
          await putAs(queue, put, "here");
          assertEquals(await getting, "here");
          assertSize(queue, 0);
        }
      });
    });

    Deno.test(`${title}.get() serves those who wait, one an item ${label}`, async () => {
      const queue = make(0, { scope });
      const seen: [number, unknown][] = [];
      for (let i = 0; i < 4; i++) {
        start(queue, colour, "get").then((item) => seen.push([i, item]));
        await waiting(scope, i + 1);
      }
      for (let i = 0; i < 4; i++) {
        queue.putNowait(i);
        await until(() => seen.length > i, "the next one");
        await waiting(scope, 3 - i);
      }
      assertEquals(seen.map(([, item]) => item), [0, 1, 2, 3]);
      // A thread that is slow to wake up may be overtaken.
      if (colour === "promise") assertEquals(seen.map(([i]) => i), [0, 1, 2, 3]);
    });

    Deno.test(`Q17 Q25 ${title}.shutdown() turns those away who wait for items ${label}`, async () => {
      for (const immediate of [false, true]) {
        const queue = make(0, { scope });
        await assertLeavesNothing(scope, async () => {
          const getting = [1, 2, 3].map(() => start(queue, colour, "get", { timeout: 60_000 }));
          await waiting(scope, 3);
          queue.shutdown({ immediate });
          for (const one of getting) await assertRejects(() => one, ShutDownError, "shut down");
        });
      }
    });
  }

  for (const scope of SCOPES) {
    Deno.test(`${title} rejects with the reason when it is aborted [${scope}]`, async () => {
      const queue = make(0, { scope });
      await assertLeavesNothing(scope, async () => {
        const controller = new AbortController();
        const aborted = queue.get({ signal: controller.signal });
        const other = queue.get();
        controller.abort("enough");
        assertEquals(await aborted.catch((error) => error), "enough");
        await assertPending(other);
        queue.putNowait(1);
        assertEquals(await other, 1);
        const signal = AbortSignal.abort("before");
        queue.putNowait(2);
        assertEquals(await queue.get({ signal }).catch((error) => error), "before");
        assertEquals(await queue.put(3, { signal }).catch((error) => error), "before");
        assertEquals(drain(queue), [2]);
      });
    });

    Deno.test(`${title} loses no item when an abort crosses a put [${scope}]`, async () => {
      const queue = make(0, { scope });
      for (let i = 0; i < 50; i++) {
        const controller = new AbortController();
        const getting = queue.get({ signal: controller.signal }).catch((error) => error);
        if (i % 2 === 0) queue.putNowait(i);
        if (i % 3 === 0) await undefined;
        controller.abort("enough");
        if (i % 2 === 1) queue.putNowait(i);
        const seen = await getting;
        if (seen === "enough") assertEquals(queue.getNowait(), i);
        else assertEquals(seen, i);
        assertSize(queue, 0);
      }
    });

    Deno.test(`${title} takes no bad signal [${scope}]`, async () => {
      const queue = make(0, { scope });
      const options = { signal: {} as AbortSignal };
      await assertRejects(() => queue.get(options), TypeError, "'signal' must be");
      await assertRejects(() => queue.put(1, options), TypeError, "'signal' must be");
      assertSize(queue, 0);
    });

    Deno.test(`Q31 ${title}: 50 producers and 50 consumers, each item once [${scope}]`, async () => {
      const queue = make(0, { scope });
      const gets: ((options?: Waiting) => Promise<unknown>)[] = [
        () => queue.get(),
        async () => {
          for (;;) {
            const found = queue.tryGet();
            if (found !== null) return found.value;
            await turn();
          }
        },
        async () => {
          for (;;) {
            try {
              return await queue.get({ timeout: 1 });
            } catch (error) {
              if (!(error instanceof TimeoutError)) throw error;
            }
          }
        },
      ];
      for (const get of gets) {
        await assertLeavesNothing(scope, async () => {
          const consumers = Array.from({ length: 50 }, async () => {
            const mine: number[] = [];
            for (let i = 0; i < 20; i++) mine.push(await get() as number);
            return mine;
          });
          const producers = Array.from({ length: 50 }, async (_, producer) => {
            for (let i = 0; i < 20; i++) {
              await queue.put(producer * 20 + i);
              if (i % 7 === 0) await turn();
            }
          });
          await Promise.all(producers);
          const got = (await Promise.all(consumers)).flat().sort((a, b) => a - b);
          assertEquals(got, Array.from({ length: 1000 }, (_, i) => i));
          assertSize(queue, 0);
        });
      }
    });

    Deno.test(`${title}.get() of 10 000 promises serves each [${scope}]`, async () => {
      const queue = make(0, { scope });
      await assertLeavesNothing(scope, async () => {
        const getting = Array.from({ length: 10_000 }, () => queue.get());
        for (let i = 0; i < 10_000; i++) queue.putNowait(i);
        const got = (await Promise.all(getting)) as number[];
        assertEquals(got.sort((a, b) => a - b), Array.from({ length: 10_000 }, (_, i) => i));
      });
    });

    Deno.test(`${title}.shutdown() rejects bad options [${scope}]`, () => {
      const queue = make(0, { scope });
      for (const options of [true, 1, "now", null]) {
        assertThrows(
          () => queue.shutdown(options as never),
          TypeError,
          "options must be an object",
        );
      }
      for (const immediate of [1, "yes", {}]) {
        assertThrows(
          () => queue.shutdown({ immediate } as never),
          TypeError,
          "'immediate' must be",
        );
      }
      assertFalse(queue.isShutdown);
    });

    Deno.test(`${title}.toString() tells its size and its end [${scope}]`, () => {
      const queue = make(0, { scope });
      queue.putNowait(1);
      assertEquals(String(queue), `<${name} qsize=1>`);
      queue.shutdown();
      assertEquals(String(queue), `<${name} qsize=1 shutdown>`);
    });

    Deno.test(`${title}.getSync() throws DeadlockError instead of hanging [${scope}]`, async () => {
      const queue = make(0, { scope });
      await assertLeavesNothing(scope, () => {
        assertThrows(() => queue.getSync(), DeadlockError, "never end");
        if (scope === "local") assertThrows(() => queue.getSync({ timeout: 5 }), DeadlockError);
      });
    });
  }

  Deno.test(`${title} rejects unknown scopes`, () => {
    for (const scope of ["galaxy", 5, null]) {
      const options = { scope: scope as TestedScope };
      if (scope !== null) assertThrows(() => make(0, options), TypeError, "'scope' must be");
    }
    for (const bad of [5, "local", null]) {
      assertThrows(() => make(0, bad as never), TypeError, "options must be an object");
    }
  });

  Deno.test(`${title} of local scope stays in its thread`, () => {
    const queue = make(0, { scope: "local" });
    assertThrows(() => encode(queue, SHARED), UnshareableError, `Cannot send ${name}`);
  });

  Deno.test(`Q38 ${title} decoded in its own thread is the same object`, () => {
    const queue = make();
    const { bytes, buffers } = encode({ queue, again: [queue] }, SHARED);
    const decoded = decode(bytes, buffers) as { queue: unknown; again: unknown[] };
    assert(decoded.queue === queue && decoded.again[0] === queue);
    assertFalse(decoded.queue === make());
  });
}
