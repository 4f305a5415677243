/**
 * How fast are queues between threads, beside CPython's and what else there is in JavaScript?
 *
 * `deno task bench:queue [--json] [--quick] [--only=PART OF A TITLE]`. The channel of `multithreading` is installed into
 * `bench/peers/` first.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { Queue, SimpleQueue } from "@nogil/std/queue";
import { Event } from "@nogil/std/sync";
import { Thread } from "@nogil/std/thread";
import { benchmark, type Case, cpython, type Growth, operations, perOperation } from "./harness.ts";
import { installPeers, leave, loadMultithreading } from "./peers/peers.ts";
import {
  type AnyQueue,
  consume,
  consumeAwaiting,
  echo,
  echoAwaiting,
  getAll,
  type ItemKind,
  ITEMS,
  produce,
  putAll,
} from "./queue_tasks.ts";

const BASELINE = new URL("./queue_baseline.py", import.meta.url);

/** How many items of each kind go through a queue in one round. */
const COUNTS: Readonly<Record<ItemKind, number>> = {
  number: operations(200_000),
  string: operations(200_000),
  object: operations(100_000),
  kilobyte: operations(50_000),
  megabyte: operations(200),
};

const NAMES: Readonly<Record<ItemKind, string>> = {
  number: "numbers",
  string: "strings of 17 characters",
  object: "small objects",
  kilobyte: "strings of 1000 characters",
  megabyte: "1 MiB of bytes",
};

const ROUND_TRIPS = operations(10_000);
const CHANNEL_ITEMS = operations(5_000);
const MAXSIZE = 1000;

function ofCPython(name: string, how: string, kind: ItemKind, maxsize = 0): Case {
  const count = how === "round_trips" ? ROUND_TRIPS : COUNTS[kind];
  return {
    name: `CPython ${name}`,
    measure: () => cpython(BASELINE, how, name.replace(/,.*/, ""), kind, maxsize, count),
  };
}

/** From this thread to another one. */
function through(name: string, make: () => AnyQueue, kind: ItemKind, how = consume): Case {
  return {
    name,
    measure: async () => {
      const [queue, ready, count] = [make(), new Event(), COUNTS[kind]];
      const thread = new Thread({ target: how, args: [queue, ready, count] }).start();
      await ready.wait();
      return await perOperation(count, async () => {
        putAll(queue, kind, count);
        await thread.join();
      });
    },
  };
}

/** From two threads to two others. */
function twoByTwo(name: string, make: () => AnyQueue): Case {
  return {
    name,
    measure: async () => {
      const [queue, ready, half] = [make(), new Event(), COUNTS.number / 2];
      const threads = [0, 1].flatMap(() => [
        new Thread({ target: produce, args: [queue, ready, "number", half] }).start(),
        new Thread({ target: consume, args: [queue, new Event(), half] }).start(),
      ]);
      return await perOperation(COUNTS.number, async () => {
        ready.set();
        for (const thread of threads) await thread.join();
      });
    },
  };
}

/** To another thread and back, one item at a time. */
function roundTrip(name: string, make: () => AnyQueue, isBlocking: boolean): Case {
  return {
    name,
    measure: async () => {
      const [questions, answers] = [make(), make()];
      const thread = new Thread({
        target: isBlocking ? echo : echoAwaiting,
        args: [questions, answers, ROUND_TRIPS + 1],
      }).start();
      await questions.put(0);
      await answers.get();
      const time = await perOperation(ROUND_TRIPS, async () => {
        for (let i = 0; i < ROUND_TRIPS; i++) {
          if (isBlocking) questions.putSync(i);
          else await questions.put(i);
          if (isBlocking) answers.getSync();
          else await answers.get();
        }
      });
      await thread.join();
      return time;
    },
  };
}

/** In and out again in one thread. */
function alone(name: string, make: () => AnyQueue, kind: ItemKind, isBlocking = true): Case {
  return {
    name,
    measure: () => {
      const [queue, item, count] = [make(), ITEMS[kind], COUNTS[kind]];
      return perOperation(count, async () => {
        for (let i = 0; i < count; i++) {
          if (isBlocking) queue.putSync(item(i));
          else await queue.put(item(i));
          if (isBlocking) queue.getSync();
          else await queue.get();
        }
      });
    },
  };
}

/** A worker that says when it has got so many messages, or answers each. */
const RECEIVER = `data:text/javascript,${
  encodeURIComponent(`
import { parentPort, workerData } from "node:worker_threads";
let left = 0;
parentPort.on("message", (message) => {
  if (message.start !== undefined) left = message.start;
  else if (left === 0) parentPort.postMessage(message);
  else if (--left === 0) parentPort.postMessage("done");
});
`)
}`;

/** `postMessage` to a worker: no queue, but what there is without a library. */
function messages(kind: ItemKind, isRoundTrip: boolean): Case {
  let worker: Worker | undefined;
  const count = isRoundTrip ? ROUND_TRIPS : Math.ceil(COUNTS[kind] / 10);
  function answered(to: Worker): Promise<unknown> {
    return new Promise((resolve) => to.once("message", resolve));
  }
  return {
    name: "postMessage",
    open: async () => {
      worker = new Worker(new URL(RECEIVER));
      worker.postMessage({ up: true });
      await answered(worker);
    },
    measure: async () => {
      const to = worker as Worker;
      if (!isRoundTrip) to.postMessage({ start: count });
      return await perOperation(count, async () => {
        const done = answered(to);
        for (let i = 0; i < count; i++) {
          if (!isRoundTrip) {
            to.postMessage(ITEMS[kind](i));
            continue;
          }
          const answer = answered(to);
          to.postMessage(i);
          await answer;
        }
        await done;
      });
    },
    close: () => worker?.terminate(),
  };
}

/** The channel of `multithreading`, the only other queue between threads. */
function channel(kind: ItemKind, isRoundTrip: boolean): Case {
  const count = isRoundTrip ? Math.ceil(ROUND_TRIPS / 10) : CHANNEL_ITEMS;
  return {
    name: isRoundTrip ? "multithreading channel, awaited" : "multithreading channel, blocking",
    measure: async () => {
      const { library, waitAsync } = await loadMultithreading();
      const original = Atomics.waitAsync;
      Atomics.waitAsync = waitAsync;
      try {
        return isRoundTrip
          ? await channelRoundTrips(library, count)
          : await channelThrough(library, kind, count);
      } finally {
        Atomics.waitAsync = original;
      }
    },
  };
}

type Multithreading = Awaited<ReturnType<typeof loadMultithreading>>["library"];

async function channelThrough(
  { channel, move, spawn }: Multithreading,
  kind: ItemKind,
  count: number,
): Promise<number> {
  const [sender, receiver] = channel(MAXSIZE);
  const [up, isUp] = channel(1);
  const handle = spawn(
    move(receiver, up, count),
    // deno-lint-ignore no-explicit-any -- its types are not loaded
    async (receiver: any, up: any, count: number): Promise<void> => {
      await up.send(1);
      for (let i = 0; i < count; i++) receiver.blockingRecv();
    },
  );
  await isUp.recv();
  return await perOperation(count, async () => {
    for (let i = 0; i < count; i++) sender.blockingSend(ITEMS[kind](i));
    const { ok, error } = await handle.join();
    if (!ok) throw error;
  });
}

async function channelRoundTrips(
  { channel, move, spawn }: Multithreading,
  count: number,
): Promise<number> {
  const [sender, questions] = channel(MAXSIZE);
  const [answers, receiver] = channel(MAXSIZE);
  const handle = spawn(
    move(questions, answers, count + 1),
    // deno-lint-ignore no-explicit-any -- its types are not loaded
    async (questions: any, answers: any, count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await answers.send((await questions.recv()).value);
    },
  );
  await sender.send(1);
  await receiver.recv();
  const time = await perOperation(count, async () => {
    for (let i = 1; i <= count; i++) {
      await sender.send(i);
      await receiver.recv();
    }
  });
  await handle.join();
  return time;
}

const unbounded = (): AnyQueue => new Queue();
const bounded = (): AnyQueue => new Queue(MAXSIZE);
const simple = (): AnyQueue => new SimpleQueue();
const localQueue = (): AnyQueue => new Queue(0, { scope: "local" });

const THROUGH = Object.keys(COUNTS).map((key) => {
  const kind = key as ItemKind;
  return {
    title: `From thread to thread: ${COUNTS[kind]} × ${NAMES[kind]}`,
    cases: [
      ofCPython("Queue", "through", kind),
      ofCPython(`Queue, maxsize ${MAXSIZE}`, "through", kind, MAXSIZE),
      ofCPython("SimpleQueue", "through", kind),
      through("Queue", unbounded, kind),
      through(`Queue, maxsize ${MAXSIZE}`, bounded, kind),
      through("Queue, await get", unbounded, kind, consumeAwaiting),
      through("SimpleQueue", simple, kind),
      messages(kind, false),
      ...(kind === "number" || kind === "object" ? [channel(kind, false)] : []),
    ],
    // Python passes references: its items cost nothing to pass, however large they are.
    targets: kind === "megabyte" ? [] : [
      { name: "Queue", ratio: 1 / 2 },
      { name: `Queue, maxsize ${MAXSIZE}`, ratio: 1 / 2 },
      { name: "Queue, await get", ratio: 1 / 2 },
    ],
    rounds: 5,
    rate: true,
  };
});

installPeers();
await benchmark([
  ...THROUGH,
  {
    title: `From two threads to two others: ${COUNTS.number} numbers`,
    cases: [
      ofCPython("Queue", "two_by_two", "number"),
      ofCPython(`Queue, maxsize ${MAXSIZE}`, "two_by_two", "number", MAXSIZE),
      ofCPython("SimpleQueue", "two_by_two", "number"),
      twoByTwo("Queue", unbounded),
      twoByTwo(`Queue, maxsize ${MAXSIZE}`, bounded),
      twoByTwo("SimpleQueue", simple),
    ],
    targets: [{ name: "Queue", ratio: 1 / 2 }, { name: `Queue, maxsize ${MAXSIZE}`, ratio: 1 / 2 }],
    rounds: 5,
    rate: true,
  },
  {
    title: "To another thread and back, one number at a time",
    cases: [
      ofCPython("Queue", "round_trips", "number"),
      ofCPython("SimpleQueue", "round_trips", "number"),
      roundTrip("Queue, blocking", unbounded, true),
      roundTrip("Queue, awaited", unbounded, false),
      roundTrip("SimpleQueue, blocking", simple, true),
      roundTrip("SimpleQueue, awaited", simple, false),
      messages("number", true),
      channel("number", true),
    ],
    targets: [
      { name: "Queue, blocking", ratio: 0.7 },
      { name: "Queue, awaited", ratio: 0.7 },
    ],
  },
  ...(["number", "object"] as const).map((kind) => ({
    title: `In and out again in one thread: ${NAMES[kind]}`,
    cases: [
      ofCPython("Queue", "alone", kind),
      ofCPython("SimpleQueue", "alone", kind),
      ofCPython("asyncio.Queue", "alone", kind),
      alone('Queue, scope "thread", blocking', unbounded, kind),
      alone('Queue, scope "thread", awaited', unbounded, kind, false),
      alone('Queue, scope "local", blocking', localQueue, kind),
      alone('Queue, scope "local", awaited', localQueue, kind, false),
    ],
  })),
], [
  growthOf("1 000 000 numbers, maxsize 1000", bounded, "number"),
  growthOf("1 000 000 small objects, maxsize 1000", bounded, "object"),
  growthOf("1 000 000 strings of 1000 characters, maxsize 1000", bounded, "kilobyte"),
  growthOf("1 000 000 small objects, unbounded, emptied after each 100 000", unbounded, "object"),
]);
leave();

/** The memory of the program while 1 000 000 items go through a queue. */
function growthOf(title: string, make: () => AnyQueue, kind: ItemKind): Growth {
  const count = operations(100_000);
  let queue: AnyQueue | undefined;
  return {
    title,
    open: () => {
      queue = make();
    },
    step: async () => {
      const through = queue as AnyQueue;
      const thread = new Thread({ target: getAll, args: [through, count] }).start();
      putAll(through, kind, count);
      await thread.join();
    },
    allowed: 16,
  };
}
