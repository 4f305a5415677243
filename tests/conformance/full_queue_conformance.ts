/** What the classes of queues with a limit and with tasks do beside the others. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import {
  DeadlockError,
  FullError,
  InvalidStateError,
  ShutDownError,
  TimeoutError,
} from "../../errors.ts";
import {
  assertSize,
  drain,
  type FullKind,
  getAs,
  joinAs,
  putAs,
  start,
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
  entries,
  SCOPES,
  until,
} from "./support.ts";

/** Runs the suite. */
export function fullQueueConformance(kind: FullKind): void {
  const { name, make, order, title = name } = kind;

  for (const [scope, colour] of COMBINATIONS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`Q01 Q04 M25 ${title} that is full takes nothing: at once, or when time is up ${label}`, async () => {
      const queue = make(2, { scope });
      assertEquals([queue.full(), queue.maxsize], [false, 2]);
      await putAs(queue, colour, 1);
      assertFalse(queue.full());
      await putAs(queue, colour, 2);
      assert(queue.full());
      await assertLeavesNothing(scope, async () => {
        assertFalse(queue.tryPut(3));
        assertThrows(() => queue.putNowait(3), FullError, "Cannot put item: the queue is full");
        await assertRejects(
          () => putAs(queue, colour, 3, { timeout: 0 }),
          TimeoutError,
          "Cannot put",
        );
        if (scope === "local" && colour === "blocking") return;
        const took = await duration(() =>
          assertRejects(() => putAs(queue, colour, 3, { timeout: 30 }), TimeoutError, "Cannot put")
        );
        assert(took >= 25 && took < 30_000, `it took ${took} ms`);
      });
      assertEquals([queue.unfinishedTasks, ...drain(queue)], [2, ...order([1, 2])]);
      queue.putNowait(4);
      assertEquals(await getAs(queue, colour), 4);
    });

    Deno.test(`Q10 ${title}.join() returns at once when nothing is unfinished ${label}`, async () => {
      const queue = make(0, { scope });
      for (let round = 0; round < 3; round++) {
        await joinAs(queue, colour);
        await joinAs(queue, colour, { timeout: 0 });
        await putAs(queue, colour, round);
        assertEquals(queue.unfinishedTasks, 1);
        await assertRejects(
          () => joinAs(queue, colour, { timeout: 0 }),
          TimeoutError,
          "Cannot join",
        );
        await getAs(queue, colour);
        assertEquals(queue.unfinishedTasks, 1);
        await assertRejects(() => joinAs(queue, colour, { timeout: 0 }), TimeoutError);
        queue.taskDone();
        assertEquals(queue.unfinishedTasks, 0);
      }
      assertThrows(() => queue.taskDone(), InvalidStateError, "Cannot");
      assertEquals(queue.unfinishedTasks, 0);
    });

    Deno.test(`Q05 ${title}.join() rejects bad options ${label}`, async () => {
      const queue = make(0, { scope });
      for (const [timeout, error] of BAD_TIMEOUTS) {
        const wait = () => joinAs(queue, colour, { timeout: timeout as number });
        await assertRejects(wait, error, "'timeout' must be a number");
      }
      for (const options of [5, false, null] as never[]) {
        await assertRejects(() => joinAs(queue, colour, options), TypeError, "must be an object");
      }
    });

    Deno.test(`Q19 ${title}.shutdown({ immediate: true }) counts what it drops as done ${label}`, async () => {
      const queue = make(0, { scope });
      for (const n of [1, 2, 3]) await putAs(queue, colour, n);
      await getAs(queue, colour);
      queue.shutdown({ immediate: true });
      assertEquals(queue.unfinishedTasks, 1);
      queue.taskDone();
      await joinAs(queue, colour);
      assertThrows(() => queue.taskDone(), InvalidStateError);
    });

    Deno.test(`Q20 ${title}.shutdown() leaves taskDone() and join() as they are ${label}`, async () => {
      const queue = make(0, { scope });
      for (const n of [1, 2]) await putAs(queue, colour, n);
      queue.shutdown();
      await assertRejects(() => joinAs(queue, colour, { timeout: 0 }), TimeoutError);
      for (const left of [1, 0]) {
        await getAs(queue, colour);
        queue.taskDone();
        assertEquals(queue.unfinishedTasks, left);
      }
      await joinAs(queue, colour);
    });
  }

  for (const [scope, colour] of WAITS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`Q07 ${title}.put() waits until something is taken ${label}`, async () => {
      const queue = make(1, { scope });
      await assertLeavesNothing(scope, async () => {
        for (const get of COLOURS) {
          queue.putNowait("first");
          const putting = start(queue, colour, "put", "second");
          await waiting(scope, 1);
          await assertPending(putting);
          assertSize(queue, 1);
          assertEquals(await getAs(queue, get), "first");
          await putting;
          assertEquals(await getAs(queue, get), "second");
        }
      });
    });

    Deno.test(`${title}.put() serves those who wait, one a place ${label}`, async () => {
      const queue = make(1, { scope });
      queue.putNowait(0);
      let settled = 0;
      for (let i = 1; i < 5; i++) {
        start(queue, colour, "put", i).then(() => settled++);
        await waiting(scope, i);
      }
      const got = [];
      for (let i = 0; i < 5; i++) {
        got.push(queue.getNowait());
        await until(() => settled === Math.min(i + 1, 4), "the next one");
        await waiting(scope, Math.max(3 - i, 0));
      }
      // A thread that is slow to wake up may be overtaken.
      assertEquals(colour === "promise" ? got : got.sort(), [0, 1, 2, 3, 4]);
    });

    Deno.test(`Q08 ${title}.maxsize may shrink and grow, also while others wait ${label}`, async () => {
      const queue = make(4, { scope });
      for (const n of [1, 2, 3]) queue.putNowait(n);
      queue.maxsize = 2;
      assertEquals([queue.maxsize, queue.full(), queue.qsize()], [2, true, 3]);
      assertThrows(() => queue.putNowait(4), FullError);
      queue.getNowait();
      assert(queue.full());
      assertFalse(queue.tryPut(4));
      const putting = [4, 5].map((n) => start(queue, colour, "put", n));
      await waiting(scope, 2);
      queue.maxsize = 3;
      await Promise.race(putting);
      assertEquals([queue.qsize(), queue.full(), entries(scope)], [3, true, 1]);
      queue.maxsize = 0;
      await Promise.all(putting);
      assertEquals([queue.qsize(), queue.full(), queue.maxsize], [4, false, 0]);
      assertEquals(entries(scope), 0);
    });

    Deno.test(`Q10 Q11 ${title}.join() lets all go on when every item is done ${label}`, async () => {
      const queue = make(0, { scope });
      await assertLeavesNothing(scope, async () => {
        for (let round = 0; round < 2; round++) {
          for (const n of [1, 2]) queue.putNowait(n);
          const joining = [1, 2, 3].map(() => start(queue, colour, "join"));
          await waiting(scope, 3);
          drain(queue);
          queue.taskDone();
          for (const one of joining) await assertPending(one);
          queue.taskDone();
          await Promise.all(joining);
        }
      });
    });

    Deno.test(`Q22 ${title}.shutdown() turns those away who wait for room ${label}`, async () => {
      for (const immediate of [false, true]) {
        const queue = make(1, { scope });
        queue.putNowait(0);
        await assertLeavesNothing(scope, async () => {
          const putting = [1, 2, 3].map((n) => start(queue, colour, "put", n));
          await waiting(scope, 3);
          queue.shutdown({ immediate });
          for (const one of putting) await assertRejects(() => one, ShutDownError, "shut down");
        });
        assertEquals(queue.unfinishedTasks, immediate ? 0 : 1);
        assertSize(queue, immediate ? 0 : 1);
      }
    });

    Deno.test(`Q23 ${title}.shutdown({ immediate: true }) lets joiners go on ${label}`, async () => {
      const queue = make(2, { scope });
      for (const n of [1, 2]) queue.putNowait(n);
      const putting = start(queue, colour, "put", 3);
      const joining = [1, 2].map(() => start(queue, colour, "join"));
      await waiting(scope, 3);
      queue.shutdown({ immediate: true });
      await Promise.all(joining);
      await assertRejects(() => putting, ShutDownError);
      assertEquals(entries(scope), 0);
    });

    Deno.test(`Q26 ${title}.put() that waits is turned away although there is room after shutdown() ${label}`, async () => {
      const queue = make(2, { scope });
      for (const n of [1, 2]) queue.putNowait(n);
      const putting = [3, 4].map((n) => start(queue, colour, "put", n));
      const joining = start(queue, colour, "join");
      await waiting(scope, 3);
      queue.shutdown();
      const got = takeTwo(() => queue.getNowait());
      for (const one of putting) await assertRejects(() => one, ShutDownError);
      assertEquals(got, order([1, 2]));
      assertThrows(() => queue.getNowait(), ShutDownError);
      await assertPending(joining);
      queue.taskDone();
      queue.taskDone();
      await joining;
    });
  }

  for (const scope of SCOPES) {
    Deno.test(`${title}.put() that was aborted puts nothing [${scope}]`, async () => {
      const queue = make(1, { scope });
      queue.putNowait(1);
      await assertLeavesNothing(scope, async () => {
        const controller = new AbortController();
        const aborted = queue.put(2, { signal: controller.signal });
        const other = queue.put(3);
        controller.abort("enough");
        assertEquals(await aborted.catch((error) => error), "enough");
        await assertPending(other);
        assertEquals(queue.getNowait(), 1);
        await other;
        assertEquals(drain(queue), [3]);
        assertEquals(queue.unfinishedTasks, 2);
      });
    });

    Deno.test(`${title}.put() that was aborted too late has put [${scope}]`, async () => {
      const queue = make(1, { scope });
      queue.putNowait(1);
      const controller = new AbortController();
      const putting = queue.put(2, { signal: controller.signal }).then(
        () => "put",
        (error) => error,
      );
      queue.getNowait();
      controller.abort("enough");
      const seen = await putting;
      assertEquals(drain(queue), seen === "put" ? [2] : []);
    });

    Deno.test(`${title}.join() rejects with the reason when it is aborted [${scope}]`, async () => {
      const queue = make(0, { scope });
      queue.putNowait(1);
      await assertLeavesNothing(scope, async () => {
        const controller = new AbortController();
        const joining = queue.join({ signal: controller.signal });
        controller.abort("enough");
        assertEquals(await joining.catch((error) => error), "enough");
        await assertRejects(() => queue.join({ timeout: 10 }), TimeoutError, "Cannot join");
      });
    });

    Deno.test(`${title} passes on the room that one who gave up has no use for [${scope}]`, async () => {
      const queue = make(1, { scope });
      queue.putNowait(0);
      const controller = new AbortController();
      const first = queue.put(1, { signal: controller.signal }).then(() => "put", (error) => error);
      const second = queue.put(2);
      queue.getNowait();
      controller.abort("gone");
      if (await first === "put") assertEquals(await queue.get(), 1);
      await second;
      assertEquals(queue.getNowait(), 2);
      assertEquals(entries(scope), 0);
    });

    Deno.test(`${title}: 20 producers and 20 consumers over 3 places [${scope}]`, async () => {
      const queue = make(3, { scope });
      await assertLeavesNothing(scope, async () => {
        let most = 0;
        const consumers = Array.from({ length: 20 }, async () => {
          const mine: number[] = [];
          for (let i = 0; i < 50; i++) {
            most = Math.max(most, queue.qsize());
            mine.push(await queue.get() as number);
            queue.taskDone();
          }
          return mine;
        });
        const producers = Array.from({ length: 20 }, async (_, producer) => {
          for (let i = 0; i < 50; i++) await queue.put(producer * 50 + i);
        });
        await Promise.all(producers);
        await queue.join();
        const got = (await Promise.all(consumers)).flat().sort((a, b) => a - b);
        assertEquals(got, Array.from({ length: 1000 }, (_, i) => i));
        assert(most <= 3, `${most} items at once`);
        assertThrows(() => queue.taskDone(), InvalidStateError);
      });
    });

    Deno.test(`${title}.toString() tells its limit [${scope}]`, () => {
      const queue = make(3, { scope });
      queue.putNowait(1);
      assertEquals(String(queue), `<${name} qsize=1/3>`);
    });

    Deno.test(`${title} throws DeadlockError instead of hanging [${scope}]`, async () => {
      const queue = make(1, { scope });
      queue.putNowait(1);
      await assertLeavesNothing(scope, () => {
        assertThrows(() => queue.putSync(2), DeadlockError, "never end");
        assertThrows(() => queue.joinSync(), DeadlockError, "never end");
      });
      assertSize(queue, 1);
    });
  }

  Deno.test(`${title} takes any integer for maxsize, and nothing else`, () => {
    for (const maxsize of [0, -1, -(2 ** 40), Infinity, undefined]) {
      const queue = make(maxsize);
      assertEquals([queue.maxsize, queue.full()], [0, false]);
    }
    const queue = make(2 ** 31 - 1);
    assertEquals(queue.maxsize, 2 ** 31 - 1);
    for (const bad of [0.5, NaN, 2 ** 31, -Infinity]) {
      assertThrows(() => make(bad), RangeError, `Cannot create ${name}: 'maxsize' must be`);
      assertThrows(() => queue.maxsize = bad, RangeError, "Cannot set maxsize: 'maxsize' must be");
    }
    for (const bad of ["3", null, 3n, true, {}]) {
      const message = "'maxsize' must be a number: received";
      assertThrows(() => make(bad as never), TypeError, `Cannot create ${name}: ${message}`);
      assertThrows(() => queue.maxsize = bad as never, TypeError, message);
    }
    assertEquals(queue.maxsize, 2 ** 31 - 1);
    queue.maxsize = -5;
    assertEquals(queue.maxsize, 0);
  });
}

/** Takes two items. */
function takeTwo(get: () => unknown): unknown[] {
  return [get(), get()];
}
