import { assertEquals, assertThrows } from "@std/assert";
import {
  Channel,
  createTask,
  getCurrent,
  GreenletLocal,
  GreenletPool,
  Group,
  hub,
  RawGreenlet,
  Runner,
  sleep,
  spawn,
  TaskGroup,
  Timeout,
} from "../../coroutine/mod.ts";
import { TimeoutError, UnshareableError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { Event, Lock, Semaphore } from "../../sync/mod.ts";
import { countInGreenlet } from "./tasks.ts";

Deno.test("G10 G19 G37 RawGreenlet does not travel to another thread", () => {
  const text = "it belongs to the thread that made it";
  for (const greenlet of [new RawGreenlet(() => 1), getCurrent()]) {
    assertThrows(() => new Queue().putNowait({ greenlet }), UnshareableError, text);
    assertThrows(
      () => new Thread({ target: (g: unknown) => typeof g, args: [greenlet] }).start(),
      UnshareableError,
      text,
    );
  }
});

Deno.test("G11 greenlets of different threads do not know of each other", async () => {
  const threads = [3, 10, 1000].map((n) =>
    new Thread({ target: countInGreenlet, args: [n] }).start()
  );
  assertEquals(countInGreenlet(7), 7);
  assertEquals(await Promise.all(threads.map((thread) => thread.join())), [3, 10, 1000]);
});

Deno.test("A19 A35 V95 what belongs to the greenlets of a thread does not travel, and says what does", () => {
  const local = { scope: "local" } as const;
  const things: [object, string][] = [
    [spawn(() => sleep(0)), "send its function as a task and make a greenlet there"],
    [createTask(() => sleep(0)), "send its function as a task and make a greenlet there"],
    [hub.threadpool, "it belongs to the thread that made it, use hub.threadpool there"],
    [hub, "import that of the other thread"],
    [new Channel(), "send a Queue instead"],
    [new Group(), "send the functions as tasks"],
    [new GreenletPool(1), "send the functions as tasks"],
    [new TaskGroup(), "send the functions as tasks"],
    [new Runner(), "make one there"],
    [new GreenletLocal(), "every greenlet has its own"],
    [new Lock(local), 'create it with { scope: "thread" }'],
    [new Event(local), 'create it with { scope: "thread" }'],
    [new Semaphore(1, local), 'create it with { scope: "thread" }'],
    [new Queue(0, local), 'create it with { scope: "thread" }'],
  ];
  const queue = new Queue();
  for (const [thing, text] of things) {
    assertThrows(() => queue.putNowait({ list: [thing] }), UnshareableError, text);
  }
  assertEquals(queue.qsize(), 0);
  // An error is told of, and be it as one of its kind.
  queue.putNowait(new Timeout(5));
  const sent = queue.getNowait() as TimeoutError & { milliseconds: number };
  assertEquals([sent.constructor, sent.message, sent.milliseconds], [
    TimeoutError,
    "Cannot go on: 5 ms are over",
    5,
  ]);
});
