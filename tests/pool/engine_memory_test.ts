import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { currentAgent } from "../../_core/agent.ts";
import { MAX_PAGES, PAGE_BASE } from "../../_core/layout.ts";
import { WorkerLostError } from "../../errors.ts";
import { until } from "../support.ts";
import * as t from "./engine_tasks.ts";
import { makeWords, withEngine } from "./engine_support.ts";

const BIG = 300_000;

/** Counts the pages of the heap that are in use. */
function usedPages(): number {
  const { words, buffer } = currentAgent().arena;
  const last = Math.min(MAX_PAGES, Math.ceil((buffer as SharedArrayBuffer).byteLength / 4096));
  let used = 0;
  for (let page = 0; page < last; page++) if (words.load(PAGE_BASE + page) !== 0) used++;
  return used;
}

/** Runs something and sees that it leaves no pages behind. */
async function leavesNothing(use: () => Promise<void>): Promise<void> {
  const before = usedPages();
  await use();
  // What a dead thread has held is freed by others.
  await until(() => usedPages() <= before);
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, k) => k * 7 % 251);
}

Deno.test("TaskEngine brings large arguments and results both ways, and frees their memory", async () => {
  await withEngine({ workers: 2 }, async (engine) => {
    await engine.run(t.square, 1);
    await leavesNothing(async () => {
      const array = pattern(BIG);
      const expected = t.checksum(array);
      const sums = Array.from({ length: 20 }, () => engine.run(t.checksum, array));
      assertEquals(await Promise.all(sums), new Array(20).fill(expected));
      assertEquals(await engine.run(t.echo, array), array);
      const made = await engine.run(t.bytes, 2_000_000, 9) as Uint8Array;
      assertEquals([made.length, made[0], made[1_999_999]], [2_000_000, 9, 9]);
      const batch = engine.batch(t.echo, [array, array, "x"]);
      await batch.end;
      assertEquals(batch.values, [array, array, "x"]);
      const numbers = Array.from({ length: 100_000 }, (_, k) => k / 2);
      const many = engine.batch(t.echo, numbers);
      await many.end;
      assertEquals(many.values, numbers);
    });
  });
});

Deno.test("TaskEngine frees the memory of large arguments of tasks that never run", async () => {
  await withEngine({ workers: 1, grace: 10 }, async (engine) => {
    await engine.run(t.square, 1);
    const words = makeWords();
    await leavesNothing(async () => {
      const array = pattern(BIG);
      const blocker = engine.run(t.meet, words, 0);
      await until(() => Atomics.load(words, 0) === 1);
      const queued = Array.from({ length: 5 }, () => engine.start(t.echo, [array]));
      const batch = engine.batch(t.echo, [array, array]);
      for (const { ticket } of queued) assert(engine.cancel(ticket));
      assert(engine.cancel(batch.ticket));
      t.set(words, 1);
      await blocker;
      const late = engine.start(t.echo, [array], { signal: AbortSignal.abort(new Error("late")) });
      await assertRejects(() => late.result, Error, "late");
      assertThrows(() => engine.start(t.echo, [array, Symbol("no")]));
    });
  });
});

Deno.test("TaskEngine frees the memory of large arguments of tasks that are lost", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    await engine.run(t.square, 1);
    const words = makeWords();
    const again = makeWords();
    await leavesNothing(async () => {
      const array = pattern(BIG);
      const lost = engine.run(t.die, "process.exit", words, 0, array);
      await assertRejects(() => lost, WorkerLostError);
      const { result } = engine.start(t.dieFirst, [again, 2, array], { retries: 2 });
      assertEquals(await result, 3);
      const batch = engine.batch(
        t.dieAt,
        [[words, 0, 0, array], [words, 1, 0, array]],
        {
          star: true,
        },
      );
      await batch.end;
      assertEquals(batch.heard.sort(), ["0 WorkerLostError", "1 ok"]);
    });
  });
});

Deno.test("TaskEngine frees the memory of a large result whose worker dies", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    await engine.run(t.square, 1);
    const words = makeWords();
    await leavesNothing(async () => {
      for (let round = 0; round < 5; round++) {
        const results = Array.from({ length: 6 }, () => engine.start(t.bytes, [BIG, round]));
        const killer = engine.start(t.die, ["process.exit", words, 0]);
        for (const { result } of results) assertEquals((await result as Uint8Array).length, BIG);
        await assertRejects(() => killer.result, WorkerLostError);
      }
    });
  });
});

Deno.test("TaskEngine shares raw buffers with its tasks, both ways", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const buffer = new SharedArrayBuffer(16);
    const back = await engine.run(t.writeFirst, buffer, 42) as SharedArrayBuffer;
    assertEquals(new Int32Array(buffer)[0], 42);
    new Int32Array(back)[1] = 43;
    assertEquals(new Int32Array(buffer)[1], 43);
    const batch = engine.batch(t.writeFirst, [[buffer, 1], [buffer, 2]], { star: true });
    await batch.end;
    assertEquals(new Int32Array(buffer)[0], 2);
  });
});

Deno.test("TaskOptions.transfer moves buffers: they are detached at the call", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const { buffer } = new Uint8Array([7, 8, 9]);
    const moved = engine.start(t.firstByte, [buffer], { transfer: [buffer] });
    assertEquals(buffer.byteLength, 0);
    assertEquals(await moved.result, 7);
    const array = new Float64Array([1.5, 2.5]);
    const view = engine.start(t.echo, [{ array }], { transfer: [array.buffer] });
    assertEquals(array.length, 0);
    assertEquals(await view.result, { array: new Float64Array([1.5, 2.5]) });
    const again = new Uint8Array([5]).buffer;
    const words = makeWords();
    const options = { transfer: [again], retries: 1 };
    assertEquals(await engine.start(t.firstByteAtLast, [again, words], options).result, 5);
    const kept = new Uint8Array([6]).buffer;
    assertThrows(() => engine.start(t.echo, [kept, Symbol("no")], { transfer: [kept] }));
    assertEquals(kept.byteLength, 1);
  });
});

Deno.test("TaskEngine brings the context of a task along", async () => {
  for (const concurrency of [1, 3]) {
    const context = [t.userVariable, t.traceVariable];
    await withEngine({ workers: 1, concurrency, context }, async (engine) => {
      const calls = [
        t.withContext("ann", 1n, () => engine.run(t.tellContext)),
        t.withContext("bob", 2n, () => engine.run(t.tellContext)),
        engine.run(t.tellContext),
      ];
      assertEquals(await Promise.all(calls), ["ann 1", "bob 2", "undefined undefined"]);
      const batch = t.withContext("cy", 3n, () => engine.batch(t.tellContextOf, [7, 8]));
      await batch.end;
      assertEquals(batch.values, ["7 cy 3", "8 cy 3"]);
      assertEquals(await t.withContext("dee", 4n, () => engine.run((x: number) => x + 1, 1)), 2);
    });
  }
});
