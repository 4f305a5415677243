import { assert, assertEquals, assertRejects } from "@std/assert";
import { WorkerLostError } from "../../errors.ts";
import { LifoQueue, PriorityQueue, Queue } from "../../queue/mod.ts";
import { type AnyThread, Thread } from "../../thread/mod.ts";
import { drain, LIMIT, waiting } from "../conformance/queue_support.ts";
import { COLOURS, entries, turn, until } from "../conformance/support.ts";
import {
  type AnyQueue,
  byJson,
  call,
  churn,
  type Colour,
  getForEver,
  putForEver,
} from "./tasks.ts";

const KINDS: readonly (readonly [string, (maxsize: number) => Queue<unknown>])[] = [
  ["Queue", (maxsize) => new Queue(maxsize)],
  ["LifoQueue", (maxsize) => new LifoQueue(maxsize)],
  ["PriorityQueue", (maxsize) => new PriorityQueue(maxsize)],
  ["PriorityQueue with compare", (maxsize) => new PriorityQueue(maxsize, { compare: byJson })],
];

/** Starts a thread that calls a method of a queue. */
function starting(queue: AnyQueue, colour: Colour, method: string, ...args: unknown[]): AnyThread {
  const name = colour === "promise" ? method : `${method}Sync`;
  return new Thread({ target: call, args: [queue, name, args] }).start();
}

/** Runs a test, and kills what it has left running. */
async function withThreads(test: (start: <T extends AnyThread>(thread: T) => T) => Promise<void>) {
  const threads: AnyThread[] = [];
  try {
    await test((thread) => {
      threads.push(thread.start());
      return thread;
    });
  } finally {
    for (const thread of threads) thread.kill();
  }
}

/** Kills a thread and waits for its end. */
async function kill(thread: AnyThread): Promise<void> {
  thread.kill();
  await assertRejects(() => thread.join(LIMIT), WorkerLostError);
}

for (const [name, make] of KINDS) {
  for (const colour of COLOURS) {
    Deno.test(`${name}.get() skips a thread that died while it waited [${colour}]`, async () => {
      const queue = make(0);
      const victim = starting(queue, colour, "get");
      await waiting("thread", 1);
      const next = starting(queue, colour, "get");
      await waiting("thread", 2);
      await kill(victim);
      queue.putNowait("for the living");
      assertEquals(await next.join(LIMIT), "for the living");
      await until(() => entries("thread") === 0, "the end of all entries");
      assert(queue.empty());
    });

    Deno.test(`${name}.put() of a thread that died while it waited puts nothing [${colour}]`, async () => {
      const queue = make(1);
      queue.putNowait("first");
      const victim = starting(queue, colour, "put", "of the dead");
      await waiting("thread", 1);
      const next = starting(queue, colour, "put", "of the living");
      await waiting("thread", 2);
      await kill(victim);
      assertEquals(queue.getNowait(), "first");
      await next.join(LIMIT);
      assertEquals(drain(queue), ["of the living"]);
      assertEquals(queue.unfinishedTasks, 2);
      await until(() => entries("thread") === 0, "the end of all entries");
    });

    Deno.test(`${name} stays whole when threads die while they put and get [${colour}]`, async () => {
      const queue = make(3);
      await withThreads(async (start) => {
        const survivor = start(new Thread({ target: churn, args: [queue, colour], daemon: true }));
        for (const round of [0, 3]) {
          const victims = COLOURS.map((own) =>
            start(new Thread({ target: churn, args: [queue, own], daemon: true }))
          );
          for (let i = 0; i < round; i++) await turn();
          for (const victim of victims) await kill(victim);
          // Each may have left an item that it would have taken out.
          drain(queue);
          await queue.put([round, "mine"], LIMIT);
          assert(await queue.get(LIMIT) !== undefined);
        }
        await kill(survivor);
      });
      const left = drain(queue);
      assert(left.length <= 3 + 2, `${left.length} items are left`);
      for (const item of left) assertEquals((item as unknown[]).length, 2);
      await until(() => entries("thread") === 0, "the end of all entries");
    });
  }
}

for (const colour of COLOURS) {
  Deno.test(`Queue has what a dead producer has put, each item once [${colour}]`, async () => {
    for (let round = 0; round < 3; round++) {
      const queue = new Queue<unknown>(round % 2 === 0 ? 0 : 50);
      const done = new Int32Array(new SharedArrayBuffer(4));
      const victim = new Thread({ target: putForEver, args: [queue, colour, done], daemon: true });
      victim.start();
      const got: unknown[] = [];
      while (Atomics.load(done, 0) < 200 * (round + 1)) {
        const found = queue.tryGet();
        if (found === null) await turn();
        else got.push(found.value);
      }
      await kill(victim);
      for (const item of drain(queue)) got.push(item);
      assertEquals(got, Array.from({ length: got.length }, (_, i) => i + 1));
      const returned = Atomics.load(done, 0);
      assert(got.length === returned || got.length === returned + 1, `${got.length}, ${returned}`);
    }
  });

  Deno.test(`Queue keeps what a dead consumer has not taken, in order [${colour}]`, async () => {
    for (let round = 0; round < 3; round++) {
      const queue = new Queue<unknown>();
      const count = 20_000;
      for (let i = 1; i <= count; i++) queue.putNowait(i);
      const done = new Int32Array(new SharedArrayBuffer(4));
      const victim = new Thread({ target: getForEver, args: [queue, colour, done], daemon: true });
      victim.start();
      await until(() => Atomics.load(done, 0) > 100 * round, "the consumer");
      await kill(victim);
      const left = drain(queue) as number[];
      const taken = Atomics.load(done, 0);
      const first = count - left.length + 1;
      assertEquals(left, Array.from({ length: left.length }, (_, i) => first + i));
      // The last one may have been taken without having been counted.
      assert(first === taken + 1 || first === taken + 2, `${taken} taken, ${first} is the next`);
    }
  });
}

Deno.test("Queue.join() and those who wait go on when many die at once", async () => {
  const queue = new Queue<unknown>(1);
  queue.putNowait(0);
  const victims = ["put", "put", "join"].flatMap((method) =>
    COLOURS.map((colour) => starting(queue, colour, method, ...method === "put" ? [1] : []))
  );
  await waiting("thread", 6);
  for (const victim of victims) victim.kill();
  const putting = starting(queue, "blocking", "put", "alive");
  for (const victim of victims) await assertRejects(() => victim.join(LIMIT), WorkerLostError);
  assertEquals(await queue.get(LIMIT), 0);
  await putting.join(LIMIT);
  assertEquals(await queue.get(LIMIT), "alive");
  queue.taskDone();
  queue.taskDone();
  await queue.join(LIMIT);
  await until(() => entries("thread") === 0, "the end of all entries");
});
