/** What every class of queues does when it is iterated. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertSize, drain, type QueueKind } from "./queue_support.ts";
import { assertLeavesNothing, assertPending, SCOPES, turn } from "./support.ts";

/** Runs the suite. */
export function queueIterationConformance(kind: QueueKind): void {
  const { name, make, order, title = name } = kind;

  for (const scope of SCOPES) {
    Deno.test(`${title} is iterated until it is shut down and empty [${scope}]`, async () => {
      const queue = make(0, { scope });
      await assertLeavesNothing(scope, async () => {
        const seen: unknown[] = [];
        const loop = (async () => {
          for await (const item of queue) seen.push(item);
        })();
        queue.putNowait(1);
        await turn();
        queue.putNowait(2);
        await turn();
        assertEquals(seen, [1, 2]);
        queue.putNowait(3);
        queue.shutdown();
        await loop;
        assertEquals(seen, [1, 2, 3]);
        for await (const _ of queue) assert(false, "there is nothing left");
      });
    });

    Deno.test(`${title} loses no item when a loop over it is left [${scope}]`, async () => {
      const queue = make(0, { scope });
      const put = [1, 2, 3, 4];
      for (const n of put) queue.putNowait(n);
      const seen: unknown[] = [];
      for await (const item of queue) {
        seen.push(item);
        break;
      }
      await assertRejects(async () => {
        for await (const item of queue) {
          seen.push(item);
          throw new RangeError("enough");
        }
      }, RangeError);
      assertSize(queue, 2);
      assertEquals([...seen, ...drain(queue)], order(put));
    });

    Deno.test(`${title} loses no item to an iterator that is left while it waits [${scope}]`, async () => {
      const queue = make(0, { scope });
      await assertLeavesNothing(scope, async () => {
        const iterator = queue[Symbol.asyncIterator]();
        const next = iterator.next();
        await assertPending(next);
        assertEquals(await iterator.return?.(), { done: true, value: undefined });
        assertEquals(await next, { done: true, value: undefined });
        queue.putNowait(1);
        assertEquals(await iterator.next(), { done: true, value: undefined });
        assertEquals(queue.getNowait(), 1);
      });
    });

    Deno.test(`${title} divides its items between two loops [${scope}]`, async () => {
      const queue = make(0, { scope });
      const seen: unknown[][] = [[], []];
      const loops = seen.map(async (mine) => {
        for await (const item of queue) mine.push(item);
      });
      const iterator = queue[Symbol.asyncIterator]();
      const nexts = [iterator.next(), iterator.next()];
      for (let i = 0; i < 100; i++) {
        queue.putNowait(i);
        if (i % 3 === 0) await turn();
      }
      const own = await Promise.all(nexts);
      queue.shutdown();
      await Promise.all(loops);
      const all = [...seen.flat(), ...own.map(({ value }) => value)] as number[];
      assertEquals(all.sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
      assert(seen.every((mine) => mine.length > 0));
    });
  }
}
