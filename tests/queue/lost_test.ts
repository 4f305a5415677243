import { assert, assertEquals, assertRejects } from "@std/assert";
import { AbandonedError, TimeoutError, WorkerLostError } from "../../errors.ts";
import { ThreadPoolExecutor } from "../../pool/mod.ts";
import { LifoQueue, PriorityQueue, Queue } from "../../queue/mod.ts";
import { type AnyThread, Thread } from "../../thread/mod.ts";
import { joinAs, LIMIT, start, waiting } from "../conformance/queue_support.ts";
import { assertPending, COLOURS, entries, until } from "../conformance/support.ts";
import { byJson, passOn, takeAndEnd, takeAndReport, takeAndWait, takeWaitReport } from "./tasks.ts";

const KINDS: readonly (readonly [string, () => Queue<unknown>])[] = [
  ["Queue", () => new Queue()],
  ["LifoQueue", () => new LifoQueue()],
  ["PriorityQueue", () => new PriorityQueue()],
  ["PriorityQueue with compare", () => new PriorityQueue(0, { compare: byJson })],
];

/** Items of which threads take some before they are killed. */
const ITEMS = 4_000;
/** How often. */
const ROUNDS = 5;

/** Starts a thread that takes an item of a queue and keeps it. */
async function taking(queue: Queue<unknown>): Promise<AnyThread> {
  const news = new Queue<unknown>();
  const thread = new Thread({ target: takeAndWait, args: [queue, news] }).start();
  await news.get(LIMIT);
  return thread;
}

/** Kills a thread and waits for its end. */
async function kill(thread: AnyThread): Promise<void> {
  thread.kill();
  await assertRejects(() => thread.join(LIMIT), WorkerLostError);
}

/** Asserts that the queue cannot be joined for so many lost items, by whoever was waiting and by who comes now. */
async function assertLost(
  queue: Queue<unknown>,
  count: number,
  ...joining: readonly Promise<unknown>[]
): Promise<void> {
  const message = count === 1 ? "1 item was lost" : `${count} items were lost`;
  for (const one of joining) await assertRejects(() => one, AbandonedError, message);
  for (const colour of COLOURS) {
    await assertRejects(() => joinAs(queue, colour, { timeout: 0 }), AbandonedError, message);
    await assertRejects(() => joinAs(queue, colour, LIMIT), AbandonedError, message);
  }
}

for (const [name, make] of KINDS) {
  for (const colour of COLOURS) {
    Deno.test(`${name}.join() tells that an item is lost with a dead thread [${colour}]`, async () => {
      const queue = make();
      for (const n of [1, 2]) queue.putNowait(n);
      const victims = [await taking(queue), await taking(queue)] as const;
      const joining = start(queue, colour, "join", LIMIT);
      await waiting("thread", 3);
      await kill(victims[0]);
      await assertPending(joining);
      await assertRejects(() => joinAs(queue, colour, { timeout: 10 }), TimeoutError);
      await kill(victims[1]);
      await assertLost(queue, 2, joining);
      assertEquals(queue.unfinishedTasks, 2);
      queue.taskDone();
      await assertLost(queue, 1);
      queue.taskDone();
      await joinAs(queue, colour);
      await until(() => entries("thread") === 0, "the end of all entries");
    });
  }
}

for (const colour of COLOURS) {
  Deno.test(`Queue.join() waits for the living, then tells of the dead [${colour}]`, async () => {
    const [queue, door] = [new Queue<unknown>(), new Queue<unknown>()];
    for (const n of [1, 2]) queue.putNowait(n);
    const victim = await taking(queue);
    const worker = new Thread({ target: takeWaitReport, args: [queue, door] }).start();
    await until(() => queue.empty(), "the other consumer");
    const joining = [1, 2].map(() => start(queue, colour, "join", LIMIT));
    await kill(victim);
    for (const one of joining) await assertPending(one);
    door.putNowait("go on");
    await assertLost(queue, 1, ...joining);
    await kill(worker);
    await assertLost(queue, 1);
  });

  Deno.test(`Queue.join() goes on when lost work is put again and reported [${colour}]`, async () => {
    const [queue, door] = [new Queue<unknown>(), new Queue<unknown>()];
    for (const n of [1, 2]) queue.putNowait(n);
    const victim = await taking(queue);
    const worker = new Thread({ target: takeWaitReport, args: [queue, door] }).start();
    await until(() => queue.empty(), "the other consumer");
    await kill(victim);
    queue.putNowait("again");
    queue.taskDone();
    const joining = start(queue, colour, "join", LIMIT);
    await assertPending(joining);
    door.putNowait("go on");
    await until(() => queue.empty() && queue.unfinishedTasks === 1, "the lost work");
    await assertPending(joining);
    door.putNowait("go on");
    await joining;
    await kill(worker);
    await joinAs(queue, colour);
  });

  Deno.test(`Queue.join() tells of what a thread had that failed [${colour}]`, async () => {
    const queue = new Queue<unknown>();
    for (const n of [1, 2, 3]) queue.putNowait(n);
    const joining = start(queue, colour, "join", LIMIT);
    const thread = new Thread({ target: takeAndEnd, args: [queue, 3, "no more"] }).start();
    await assertRejects(() => thread.join(LIMIT), Error, "no more");
    await assertLost(queue, 3, joining);
    // The worker runs the next thread.
    queue.putNowait(4);
    const next = new Thread({ target: takeAndEnd, args: [queue, 1, ""] }).start();
    await next.join(LIMIT);
    await assertRejects(() => joinAs(queue, colour, { timeout: 10 }), TimeoutError);
    for (let i = 0; i < 4; i++) queue.taskDone();
    await joinAs(queue, colour);
  });

  Deno.test(`Queue.join() waits for what a thread had that returned [${colour}]`, async () => {
    const queue = new Queue<unknown>();
    queue.putNowait(1);
    const joining = start(queue, colour, "join", LIMIT);
    const thread = new Thread({ target: takeAndEnd, args: [queue, 1, ""] }).start();
    await thread.join(LIMIT);
    // Whoever has its worker may die.
    queue.putNowait(2);
    const victim = await taking(queue);
    await kill(victim);
    await assertPending(joining);
    queue.taskDone();
    queue.taskDone();
    await joining;
  });

  Deno.test(`Queue.join() lets one thread get and another report, whoever dies [${colour}]`, async () => {
    const [queue, results] = [new Queue<unknown>(), new Queue<unknown>()];
    const report = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await results.get(LIMIT);
        queue.taskDone();
      }
    };
    const passing = new Thread({ target: passOn, args: [queue, results] }).start();
    for (let n = 0; n < 20; n++) queue.putNowait(n);
    const joining = start(queue, colour, "join", LIMIT);
    await report(20);
    await joining;
    await kill(passing);
    await joinAs(queue, colour);
    for (let n = 0; n < 5; n++) queue.putNowait(n);
    const next = new Thread({ target: passOn, args: [queue, results] }).start();
    await report(3);
    await until(() => results.qsize() === 2, "the last two");
    await kill(next);
    await assertLost(queue, 2);
    await report(2);
    await joinAs(queue, colour);
    assertEquals(queue.unfinishedTasks, 0);
  });

  Deno.test(`Queue.join() settles after kills at any moment, and not before all else is done [${colour}]`, async () => {
    const queue = new Queue<unknown>();
    const consumer = (): AnyThread =>
      new Thread({ target: takeAndReport, args: [queue, colour], daemon: true }).start();
    const survivor = consumer();
    for (let round = 0; round < ROUNDS; round++) {
      const victim = consumer();
      for (let n = 0; n < ITEMS; n++) queue.putNowait(n);
      const joining = start(queue, colour, "join", LIMIT);
      await until(() => queue.qsize() < ITEMS - 50 * round, "the consumers");
      await kill(victim);
      const error: unknown = await joining.then(() => null, (error) => error);
      const left = queue.unfinishedTasks;
      assert(left <= 1 && queue.empty(), `${left} items are unfinished, ${error}`);
      if (left > 0) await assertLost(queue, 1, joining);
      else assertEquals(error, null);
      for (let i = 0; i < left; i++) queue.taskDone();
      await joinAs(queue, colour, LIMIT);
    }
    queue.shutdown();
    await survivor.join(LIMIT);
    await until(() => entries("thread") === 0, "the end of all entries");
  });
}

Deno.test("Queue.join() tells of what a task of a pool had that failed", async () => {
  const queue = new Queue<unknown>();
  queue.putNowait(1);
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await assertRejects(() => pool.submit(takeAndEnd, queue, 1, "no more").result(LIMIT), Error);
  await assertRejects(() => queue.join(LIMIT), AbandonedError, "1 item was lost");
  await pool.submit(takeAndEnd, queue, 0, "").result(LIMIT);
  queue.taskDone();
  await queue.join();
  await pool.shutdown();
});

Deno.test("Queue.shutdown({ immediate: true }) leaves it to join() to tell of lost items", async () => {
  const queue = new Queue<unknown>();
  for (const n of [1, 2, 3]) queue.putNowait(n);
  await kill(await taking(queue));
  const joining = start(queue, "blocking", "join", LIMIT);
  await waiting("thread", 1);
  queue.shutdown({ immediate: true });
  await assertLost(queue, 1, joining);
  queue.taskDone();
  await queue.join();
});
