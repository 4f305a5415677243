import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { encode } from "../../_core/codec.ts";
import {
  EmptyError,
  FullError,
  InvalidStateError,
  ShutDownError,
  TimeoutError,
  UnshareableError,
} from "../../errors.ts";
import { LifoQueue, PriorityQueue, Queue, SimpleQueue } from "../../queue/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { LIMIT, start, waiting } from "../conformance/queue_support.ts";
import { assertLeavesNothing, COLOURS } from "../conformance/support.ts";
import {
  type AnyQueue,
  byJson,
  call,
  compareQueues,
  consume,
  CountingQueue,
  descending,
  increment,
  lastDecimal,
  Mailbox,
  makeQueue,
  type Manner,
  produce,
  putAll,
  sendBoth,
  sumOfQueues,
  work,
} from "./tasks.ts";

const KINDS: readonly (readonly [string, (maxsize: number) => AnyQueue])[] = [
  ["Queue", (maxsize) => new Queue(maxsize)],
  ["LifoQueue", (maxsize) => new LifoQueue(maxsize)],
  ["PriorityQueue", (maxsize) => new PriorityQueue(maxsize)],
  ["PriorityQueue with compare", (maxsize) => new PriorityQueue(maxsize, { compare: byJson })],
  ["SimpleQueue", () => new SimpleQueue()],
];

/** Items of each producer. */
const COUNT = 1000;

/** Ways to get, two threads of each pair. */
const MANNERS: readonly (readonly Manner[])[] = [
  ["blocking", "blocking", "blocking", "blocking"],
  ["promise", "promise", "promise", "promise"],
  ["nowait", "timed", "iterator", "promise", "blocking"],
];

for (const [name, make] of KINDS) {
  for (const manners of MANNERS) {
    Deno.test(`Q31 ${name}: 4 producers, consumers ${manners.join(" ")}: each item once`, async () => {
      await assertLeavesNothing("thread", async () => {
        const queue = make(10);
        const consumers = manners.map((manner) =>
          new Thread({ target: consume, args: [queue, manner] }).start()
        );
        const producers = [0, 1, 2, 3].map((i) =>
          new Thread({ target: produce, args: [queue, i, COUNT, COLOURS[i % 2] ?? "promise"] })
            .start()
        );
        for (const producer of producers) await producer.join({ timeout: 60_000 });
        queue.shutdown();
        const got = [];
        for (const consumer of consumers) {
          const mine = await consumer.join({ timeout: 60_000 }) as [number, number][];
          if (name === "Queue" || name === "SimpleQueue") assertInOrder(mine);
          got.push(...mine);
        }
        assertEquals(got.length, 4 * COUNT);
        assertEquals(new Set(got.map(([producer, i]) => producer * COUNT + i)).size, 4 * COUNT);
        assert(queue.empty());
      });
    });
  }

  Deno.test(`Q38 ${name} arrives in a thread, twice as the same object`, async () => {
    const queue = make(0);
    queue.putSync(1);
    const thread = new Thread({ target: compareQueues, args: [queue, queue] }).start();
    assertEquals(await thread.join(), [true, `<${name.split(" ")[0]} qsize=1>`]);
  });

  Deno.test(`Q38 ${name} is the same queue in every thread`, async () => {
    const queue = make(0);
    assertEquals(
      await new Thread({ target: putAll, args: [queue, [1]] }).start()
        .join(),
      ["put"],
    );
    assertEquals(queue.qsize(), 1);
    const get = new Thread({ target: call, args: [queue, "getSync", []] }).start();
    assertEquals(await get.join(), 1);
    assert(queue.empty());
    const shutdown = new Thread({ target: call, args: [queue, "shutdown", [{ immediate: true }]] });
    await shutdown.start().join();
    assert(queue.isShutdown);
    assertThrows(() => queue.putNowait(1), ShutDownError);
  });

  Deno.test(`Q37 ${name} throws in another thread what it throws here`, async () => {
    const queue = make(1);
    const calls: readonly (readonly [string, unknown[], new () => Error])[] = [
      ["getNowait", [], EmptyError],
      ["getSync", [{ timeout: 5 }], TimeoutError],
      ["get", [{ timeout: 5 }], TimeoutError],
      ["getSync", [{ timeout: -1 }], RangeError],
      ["getSync", [5], TypeError],
    ];
    for (const [method, args, error] of calls) {
      const thread = new Thread({ target: call, args: [queue, method, args] }).start();
      await assertRejects(() => thread.join(), error);
    }
    queue.putSync(1);
    if (queue instanceof SimpleQueue) return;
    for (
      const [method, args, error] of [
        ["putNowait", [2], FullError],
        ["putSync", [2, { timeout: 5 }], TimeoutError],
        ["put", [2, { timeout: 5 }], TimeoutError],
      ] as const
    ) {
      const thread = new Thread({ target: call, args: [queue, method, args] }).start();
      await assertRejects(() => thread.join(), error);
    }
    assertEquals(queue.qsize(), 1);
  });
}

/** Asserts that the items of each producer came in order. */
function assertInOrder(items: readonly (readonly [number, number])[]): void {
  const last = new Map<number, number>();
  for (const [producer, i] of items) {
    assert(i > (last.get(producer) ?? -1), `${i} of ${producer} came late`);
    last.set(producer, i);
  }
}

Deno.test("M29 Queue.join() returns when 4 threads have done 10 items each", async () => {
  for (const colour of COLOURS) {
    const queue = new Queue<number>(3);
    const workers = [...COLOURS, ...COLOURS].map((own) =>
      new Thread({ target: work, args: [queue, 10, own] }).start()
    );
    const joining = new Thread({ target: call, args: [queue as AnyQueue, "joinSync", []] });
    for (let i = 1; i <= 40; i++) queue.putSync(i);
    joining.start();
    if (colour === "promise") await queue.join(LIMIT);
    else queue.joinSync(LIMIT);
    await joining.join(LIMIT);
    assertEquals(queue.unfinishedTasks, 0);
    let sum = 0;
    for (const worker of workers) sum += await worker.join(LIMIT);
    assertEquals(sum, 820);
    assertThrows(() => queue.taskDone(), InvalidStateError);
  }
});

Deno.test("Queue answers 500 questions of a thread, one at a time, in both colours", async () => {
  const [questions, answers] = [new Queue<number>(), new Queue<number>()];
  const thread = new Thread({ target: increment, args: [questions, answers] }).start();
  for (let i = 0; i < 500; i++) {
    if (i % 2 === 0) questions.putSync(i);
    else await questions.put(i);
    assertEquals(i % 3 === 0 ? answers.getSync(LIMIT) : await answers.get(LIMIT), i + 1);
  }
  questions.shutdown();
  await thread.join(LIMIT);
});

Deno.test("Queue.shutdown() turns away many threads that wait, in both colours", async () => {
  for (const immediate of [false, true]) {
    const full = new Queue<unknown>(1);
    full.putNowait(0);
    const empty = new Queue<unknown>();
    await assertLeavesNothing("thread", async () => {
      const waits = [
        ...[1, 2, 3].flatMap((n) => COLOURS.map((colour) => start(full, colour, "put", n))),
        ...[1, 2, 3].flatMap(() => COLOURS.map((colour) => start(empty, colour, "get"))),
        ...COLOURS.map((colour) => start(full, colour, "join")),
      ];
      await waiting("thread", 14);
      full.shutdown({ immediate });
      empty.shutdown({ immediate });
      if (!immediate) {
        full.getNowait();
        full.taskDone();
      }
      const seen = await Promise.allSettled(waits);
      const errors = seen.flatMap((one) => one.status === "rejected" ? [one.reason] : []);
      assertEquals(errors.length, 12);
      assert(errors.every((error) => error instanceof ShutDownError));
    });
  }
});

Deno.test("Queue.shutdown() in another thread ends a loop here", async () => {
  const queue = new Queue<unknown>();
  queue.putNowait("last");
  const seen: unknown[] = [];
  const loop = (async () => {
    for await (const item of queue) seen.push(item);
  })();
  await waiting("thread", 1);
  await new Thread({ target: call, args: [queue, "shutdown", []] }).start().join();
  await loop;
  assertEquals(seen, ["last"]);
});

Deno.test("Queue of queues: all arrive as what they are", async () => {
  const queues = new Queue<Queue<number>>();
  const inner = [new Queue<number>(), new LifoQueue<number>(), new PriorityQueue<number>()];
  for (const queue of inner) {
    queue.putSync(inner.indexOf(queue) + 1);
    queues.putSync(queue);
  }
  const thread = new Thread({ target: sumOfQueues, args: [queues] }).start();
  await thread.join();
  assertEquals(inner.map((queue) => queue.qsize()), [0, 0, 1]);
  assertEquals(inner[2]?.getSync(), 6);
  queues.putSync(queues as unknown as Queue<number>);
  assert(queues.getSync() as unknown === queues);
});

Deno.test("Queue that another thread has made arrives with its items", async () => {
  const queue = await new Thread({ target: makeQueue }).start().join();
  assert(queue instanceof Queue);
  assertEquals([queue.maxsize, queue.qsize(), queue.getSync()], [2, 1, "made elsewhere"]);
});

Deno.test("PriorityQueue keeps its key and its compare function in every thread", async () => {
  const keyed = new PriorityQueue<number>(0, { key: lastDecimal });
  const compared = new PriorityQueue<number>(0, { compare: descending });
  const plain = new PriorityQueue<number>(0, { compare: (a, b) => b - a });
  for (const queue of [keyed, compared, plain] as PriorityQueue<unknown>[]) {
    queue.putSync(25);
    const thread = new Thread({ target: putAll, args: [queue, [31, 14, 49]] }).start();
    assertEquals(await thread.join(), ["put", "put", "put"]);
  }
  const take = (queue: PriorityQueue<number>): number[] => [1, 2, 3, 4].map(() => queue.getSync());
  assertEquals(take(keyed), [31, 14, 25, 49]);
  assertEquals(take(compared), [49, 31, 25, 14]);
  assertEquals(take(plain), [49, 31, 25, 14]);
});

Deno.test("PriorityQueue does not travel with a function that is not self-contained", () => {
  const factor = Math.random();
  const queue = new PriorityQueue<number>(0, { key: (n) => n * factor });
  queue.putSync(1);
  assertThrows(() => encode(queue, "thread"), UnshareableError, "factor");
  assertEquals(queue.getSync(), 1);
});

Deno.test("Queue travels in a field, and as a shareable subclass with its fields", async () => {
  const box = new Mailbox(new Queue<string>());
  const counting = new CountingQueue(5);
  counting.name = "my";
  const thread = new Thread({ target: sendBoth, args: [box, counting] }).start();
  assertEquals(await thread.join(), 2);
  assertEquals(box.queue.getSync(), "by field");
  assertEquals([counting.puts, counting.getSync(), counting.getSync()], [0, "my one", "my two"]);
  assertFalse(counting.full());
  class Nameless extends Queue<number> {}
  assertThrows(
    () => encode(new Nameless(), "thread"),
    UnshareableError,
    "Cannot send Nameless: its class does not travel, make it known: shareable(import.meta, Nameless)",
  );
});
