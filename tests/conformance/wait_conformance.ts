/** What `wait()` and `asCompleted()` do with the futures of an executor, alone and among other things. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TimeoutError } from "../../errors.ts";
import { asCompleted, Future, wait } from "../../pool/mod.ts";
import { Event } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { answer, fail, square } from "../pool/conformance_tasks.ts";
import {
  type AnyExecutor,
  assertHolds,
  begin,
  collect,
  type ExecutorKind,
  type Meeting,
  meeting,
  range,
  withExecutor,
} from "./pool_support.ts";
import { BAD_TIMEOUTS, turn } from "./support.ts";

/** A future that ends when its gate is opened. */
interface Gated extends Meeting {
  readonly future: Future<unknown>;
}

/** Runs the suite. */
export function waitConformance(kind: ExecutorKind): void {
  const { name, scope } = kind;

  /** Submits a task that ends with `value` when its gate is opened. */
  const gated = (executor: AnyExecutor, value: unknown): Gated => {
    const meet = meeting(scope);
    return { ...meet, future: executor.submit(answer, meet.begun, meet.gate, value) };
  };

  Deno.test(`wait() with FIRST_COMPLETED returns at the first end [${name}, F34]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      const [slow, quick] = [gated(executor, 1), gated(executor, 2)];
      const waiting = wait([slow.future, quick.future], { returnWhen: "FIRST_COMPLETED" });
      quick.gate.set();
      const { done, notDone } = await waiting;
      assertEquals([[...done], [...notDone]], [[quick.future], [slow.future]]);
      // What is done already counts at once.
      const again = await wait([slow.future, quick.future], { returnWhen: "FIRST_COMPLETED" });
      assert(again.done.has(quick.future) && again.notDone.has(slow.future));
      slow.gate.set();
      assertEquals((await wait([slow.future, quick.future])).notDone.size, 0);
    });
  });

  Deno.test(`wait() with FIRST_EXCEPTION returns at the first failure, or at the end [${name}]`, async () => {
    await withExecutor(kind, 3, async (executor) => {
      const slow = gated(executor, 1);
      const loser = gated(executor, new RangeError("lost"));
      const quick = gated(executor, 2);
      const all = [slow.future, loser.future, quick.future];
      let returned = false;
      const waiting = wait(all, { returnWhen: "FIRST_EXCEPTION" }).then((split) => {
        returned = true;
        return split;
      });
      quick.gate.set();
      await quick.future;
      for (let i = 0; i < 3; i++) await turn();
      assertEquals(returned, false);
      loser.gate.set();
      const { done, notDone } = await waiting;
      assertHolds(done, [loser.future, quick.future]);
      assertHolds(notDone, [slow.future]);
      slow.gate.set();
      const rest = await wait([slow.future, quick.future], { returnWhen: "FIRST_EXCEPTION" });
      assertEquals(rest.done.size, 2);
    });
  });

  Deno.test(`wait() does not count a cancellation as a failure, but as an end [${name}, F35]`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const blocker = gated(executor, 1);
      await begin(blocker);
      const pending = executor.submit(square, 3);
      assert(pending.cancel());
      const split = await wait([blocker.future, pending], { returnWhen: "FIRST_COMPLETED" });
      assertHolds(split.done, [pending]);
      assertHolds(split.notDone, [blocker.future]);
      blocker.gate.set();
      assertEquals((await wait([blocker.future, pending])).done.size, 2);
    });
  });

  Deno.test(`wait() returns what there is when time is up, without an error [${name}, F37]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      const slow = gated(executor, 1);
      const quick = executor.submit(square, 3);
      await quick;
      for (const timeout of [0, 20]) {
        const { done, notDone } = await wait([slow.future, quick], { timeout });
        assertHolds(done, [quick]);
        assertHolds(notDone, [slow.future]);
      }
      slow.gate.set();
    });
  });

  Deno.test(`wait() misses none of 100 futures that end meanwhile [${name}, F38]`, async () => {
    await withExecutor(kind, 4, async (executor) => {
      for (let round = 0; round < 5; round++) {
        const futures = range(100).map((x) => executor.submit(square, x));
        const waits = range(10).map(() => wait(futures));
        for (const { done, notDone } of await Promise.all(waits)) {
          assertEquals([done.size, notDone.size], [100, 0]);
        }
      }
    });
  });

  Deno.test(`wait() takes duplicates once, and any iterable [${name}]`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const future = executor.submit(square, 3);
      const twice = function* (): Generator<Future<number>> {
        yield future;
        yield future;
      };
      assertHolds((await wait(twice())).done, [future]);
      assertEquals(await collect(asCompleted([future, future])), [future]);
      assertEquals((await wait(new Set([future]))).done.size, 1);
      const none = await wait([]);
      assertEquals([none.done.size, none.notDone.size], [0, 0]);
      assertEquals(await collect(asCompleted([])), []);
    });
  });

  Deno.test(`wait() returns when 'count' have ended [${name}]`, async () => {
    await withExecutor(kind, 3, async (executor) => {
      const all = [1, 2, 3].map((value) => gated(executor, value));
      const waiting = wait(all.map(({ future }) => future), { count: 2 });
      for (const { gate } of all.slice(1)) gate.set();
      const { done, notDone } = await waiting;
      assertHolds(done, all.slice(1).map(({ future }) => future));
      assertHolds(notDone, [all[0]?.future]);
      all[0]?.gate.set();
    });
  });

  Deno.test(`wait() rejects on bad options, and with the reason of its signal [${name}]`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const slow = gated(executor, 1);
      const objects = [slow.future];
      for (const [timeout, ErrorClass] of BAD_TIMEOUTS) {
        const options = { timeout: timeout as number };
        await assertRejects(() => wait(objects, options), ErrorClass);
        await assertRejects(async () => await collect(asCompleted(objects, options)), ErrorClass);
      }
      await assertRejects(() => wait(objects, { returnWhen: "SOMETIME" as never }));
      await assertRejects(() => wait([7] as never), TypeError);
      await assertRejects(() => wait(7 as never), TypeError);
      const controller = new AbortController();
      const { signal } = controller;
      const waits = [wait(objects, { signal }), collect(asCompleted(objects, { signal }))];
      controller.abort("enough");
      for (const one of waits) assertEquals(await one.catch((reason) => reason), "enough");
      slow.gate.set();
    });
  });

  Deno.test(`wait() and asCompleted() take futures, threads, events and promises together [${name}]`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const event = new Event();
      const thread = new Thread({ target: square, args: [2] }).start();
      const handMade = new Future<number>();
      const promise = Promise.resolve(4);
      const never = new Promise<never>(() => {});
      const future = executor.submit(square, 3);
      const ending = [event, thread, handMade, promise, future];
      const waiting = wait([...ending, never], { count: 5 });
      event.set();
      handMade.setResult(5);
      const { done, notDone } = await waiting;
      assertHolds(done, ending);
      assertHolds(notDone, [never]);
      const seen = await collect(asCompleted(ending));
      assertHolds(seen, ending);
      assertEquals(await thread.join(), 4);
    });
  });

  Deno.test(`wait() counts a rejected promise and a failed thread as failures [${name}]`, async () => {
    const never = new Promise<never>(() => {});
    const rejected = Promise.reject(new RangeError("no"));
    const first = await wait([never, rejected], { returnWhen: "FIRST_EXCEPTION" });
    assertHolds(first.done, [rejected]);
    const thread = new Thread<[string], number>({ target: fail, args: ["no"] }).start();
    const second = await wait([never, thread], { returnWhen: "FIRST_EXCEPTION" });
    assertHolds(second.done, [thread]);
    await assertRejects(() => thread.join(), RangeError);
  });

  Deno.test(`asCompleted() gives futures as they end, failed ones too [${name}]`, async () => {
    await withExecutor(kind, 3, async (executor) => {
      const all = [1, new RangeError("lost"), 3].map((value) => gated(executor, value));
      const order = [all[2], all[1], all[0]] as Gated[];
      const iterator = asCompleted(all.map(({ future }) => future));
      for (const { gate, future } of order) {
        gate.set();
        const { value, done } = await iterator.next();
        assert(value === future && !done);
      }
      assertEquals((await iterator.next()).done, true);
      assertEquals((await iterator.next()).done, true);
    });
  });

  Deno.test(`asCompleted() gives what has ended, then throws when time is up [${name}, F40]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      const slow = [gated(executor, 1), gated(executor, 2)];
      const [one, two] = [new Future<number>(), new Future<number>()];
      one.setResult(1);
      two.setException(new RangeError("two"));
      const seen: unknown[] = [];
      const read = async (): Promise<void> => {
        const all = [slow[0]?.future as Future<unknown>, one, slow[1]?.future as Future<unknown>];
        for await (const object of asCompleted([...all, two], { timeout: 30 })) seen.push(object);
      };
      await assertRejects(read, TimeoutError, "2 (of 4)");
      assertHolds(seen, [one, two]);
      for (const { gate } of slow) gate.set();
    });
  });

  Deno.test(`asCompleted() may be left early [${name}]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      const slow = gated(executor, 1);
      const quick = executor.submit(square, 3);
      for await (const future of asCompleted([slow.future, quick])) {
        assert(future === quick);
        break;
      }
      slow.gate.set();
      assertEquals(await slow.future, 1);
    });
  });
}

/*
 * Left out:
 *
 * F41  that a future is released when it was given: nothing but its garbage collection shows it; see garbage tests
 */
