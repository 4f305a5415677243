/**
 * What bounds a queue or a pool, whatever it is made of: shared memory, futexes, promises, the codec.
 *
 * `deno task bench:bounds [--json] [--quick]`
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { Worker } from "node:worker_threads";
import { Thread } from "@nogil/std/thread";
import { decode, encode } from "../_core/codec.ts";
import {
  ANSWER,
  answer,
  ASK,
  HEAD,
  RING,
  TAIL,
  takeAll,
  type Wait,
  wait,
  waitForChange,
  waitSync,
  wake,
} from "./bounds_tasks.ts";
import { benchmark, type Case, operations, perOperation } from "./harness.ts";

const ROUND_TRIPS = operations(5_000);
const ITEMS = operations(2_000_000);
const CALLS = operations(200_000);

function makeWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(512));
}

/** Asks another thread and waits for its answer, one question after the other. */
function roundTrip(name: string, mine: Wait, theirs: Wait): Case {
  return {
    name,
    measure: async () => {
      const words = makeWords();
      const thread = new Thread({ target: answer, args: [words, ROUND_TRIPS, theirs] }).start();
      await ask(words, 0, mine, theirs);
      const time = await perOperation(ROUND_TRIPS - 1, async () => {
        for (let round = 1; round < ROUND_TRIPS; round++) {
          if (mine === "waitAsync") await ask(words, round, mine, theirs);
          else askSync(words, round, mine, theirs);
        }
      });
      await thread.join();
      return time;
    },
  };
}

function question(words: Int32Array, round: number, theirs: Wait): void {
  Atomics.store(words, ASK, round + 1);
  if (theirs !== "spin") Atomics.notify(words, ASK);
}

async function ask(words: Int32Array, round: number, mine: Wait, theirs: Wait): Promise<void> {
  question(words, round, theirs);
  while (Atomics.load(words, ANSWER) === round) {
    // The thread that answers only wakes who sleeps.
    if (theirs === "spin") await new Promise(setImmediate);
    else if (mine === "waitAsync") await wait(words, ANSWER, round);
    else waitSync(words, ANSWER, round, mine);
  }
}

function askSync(words: Int32Array, round: number, mine: Wait, theirs: Wait): void {
  question(words, round, theirs);
  while (Atomics.load(words, ANSWER) === round) waitSync(words, ANSWER, round, mine);
}

/** A worker that sends back what it gets. */
const ECHO = `data:text/javascript,${
  encodeURIComponent(
    'import { parentPort } from "node:worker_threads"; parentPort.on("message", (x) => parentPort.postMessage(x));',
  )
}`;

let echo: Worker | undefined;

function post(worker: Worker, message: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    worker.once("message", resolve);
    worker.postMessage(message);
  });
}

const messages: Case = {
  name: "postMessage both ways",
  open: async () => {
    echo = new Worker(new URL(ECHO));
    await post(echo, 0);
  },
  measure: () =>
    perOperation(ROUND_TRIPS, async () => {
      for (let i = 0; i < ROUND_TRIPS; i++) await post(echo as Worker, i);
    }),
  close: () => echo?.terminate(),
};

/** Sends numbers through a bare ring to one other thread. */
async function ring(): Promise<number> {
  const words = makeWords();
  const items = new Float64Array(new SharedArrayBuffer(RING * 8));
  const thread = new Thread({ target: takeAll, args: [words, items, ITEMS] }).start();
  const time = await perOperation(ITEMS, async () => {
    let limit = RING;
    for (let tail = 0; tail < ITEMS; tail++) {
      while (tail === limit) {
        const head = Atomics.load(words, HEAD);
        limit = head + RING;
        if (tail === limit) waitForChange(words, HEAD, head);
      }
      items[tail % RING] = tail;
      Atomics.store(words, TAIL, tail + 1);
      wake(words, TAIL);
    }
    await thread.join();
  });
  return time;
}

/** What becomes of results, so that no loop is empty. */
let sink: unknown;

function repeat(name: string, fn: (i: number) => unknown, calls = CALLS): Case {
  return {
    name,
    measure: () =>
      perOperation(calls, () => {
        for (let i = 0; i < calls; i++) sink = fn(i);
      }),
  };
}

const words = makeWords();
const SMALL = { id: 12345, name: "item", ok: true, x: 1.5 };
const STRING = "item number 12345";
const KILOBYTE = "x".repeat(1000);
const MEGABYTE = new Uint8Array(1 << 20);

function both(value: unknown): unknown {
  const { bytes, buffers } = encode(value, "thread");
  return decode(bytes, buffers);
}

const { bytes } = encode(SMALL, "thread");

await benchmark([
  {
    title: "A question to another thread and its answer",
    cases: [
      roundTrip("both sleep: Atomics.wait", "wait", "wait"),
      roundTrip("both spin 20 µs, then sleep", "spin, then wait", "spin, then wait"),
      roundTrip("both spin", "spin", "spin"),
      roundTrip("waitAsync here, Atomics.wait there", "waitAsync", "wait"),
      roundTrip("waitAsync here, spin of 20 µs there", "waitAsync", "spin, then wait"),
      roundTrip("waitAsync on both sides", "waitAsync", "waitAsync"),
      messages,
    ],
  },
  {
    title: "Numbers through a bare ring, thread to thread",
    cases: [{ name: "ring of 4096", measure: ring }],
    rate: true,
  },
  {
    title: "Shared memory, nobody else there",
    cases: [
      repeat("Atomics.store", (i) => Atomics.store(words, 0, i)),
      repeat("Atomics.load", () => Atomics.load(words, 0)),
      repeat("Atomics.compareExchange", (i) => Atomics.compareExchange(words, 0, i, i + 1)),
      repeat("Atomics.notify, nobody waits", () => Atomics.notify(words, 0)),
      repeat("performance.now", () => performance.now()),
    ],
  },
  {
    title: "There and back through the codec, in one thread",
    cases: [
      repeat("number", both),
      repeat("string of 17 characters", () => both(STRING)),
      repeat("small object", () => both(SMALL)),
      repeat("small object, encode alone", () => encode(SMALL, "thread")),
      repeat("small object, decode alone", () => decode(bytes)),
      repeat("small object, JSON text alone", () => JSON.parse(JSON.stringify(SMALL))),
      repeat("small object, structuredClone", () => structuredClone(SMALL), CALLS / 10),
      repeat("string of 1000 characters", () => both(KILOBYTE), CALLS / 10),
      repeat("bytes, 1 MiB", () => both(MEGABYTE), CALLS / 1000),
      repeat("bytes, 1 MiB, structuredClone", () => structuredClone(MEGABYTE), CALLS / 1000),
    ],
  },
  {
    title: "Promises and the event loop",
    cases: [
      {
        name: "100 000 promises, resolved in one go, and Promise.all",
        measure: () => promises((list) => Promise.all(list)),
      },
      {
        name: "the same, each awaited in turn",
        measure: () =>
          promises(async (list) => {
            for (const promise of list) await promise;
          }),
      },
      {
        name: "a turn of the event loop: setImmediate",
        measure: () =>
          perOperation(ROUND_TRIPS, async () => {
            for (let i = 0; i < ROUND_TRIPS; i++) await new Promise(setImmediate);
          }),
      },
    ],
  },
]);
if (sink === null) console.log(sink);

async function promises(wait: (list: Promise<number>[]) => Promise<unknown>): Promise<number> {
  const count = operations(100_000);
  return await perOperation(count, async () => {
    const resolvers: ((value: number) => void)[] = [];
    const list = Array.from({ length: count }, () =>
      new Promise<number>((resolve) => {
        resolvers.push(resolve);
      }));
    for (const [i, resolve] of resolvers.entries()) resolve(i);
    await wait(list);
  });
}
