/**
 * How fast do processes start, and how fast is what they share, beside CPython's?
 *
 * `deno task bench:process [--json]`
 *
 * @module
 */
import { Pool } from "@nogil/std/pool";
import { Process, Value } from "@nogil/std/process";
import { Queue } from "@nogil/std/queue";
import { Barrier, Lock } from "@nogil/std/sync";
import { benchmark, type Case, cpython, operations, perOperation } from "./harness.ts";
import { echo, echoAwaiting, getAll, increment, square } from "./process_tasks.ts";

const BASELINE = new URL("./process_baseline.py", import.meta.url);

const COLD = 10;
const SPARES = 8;
/** What their start has left for the engine to do takes so long, in milliseconds. */
const REST = 300;

/** Starts and joins processes, one after the other. */
async function startAndJoin(count: number, target: (x: number) => number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const result = await new Process({ target, args: [7] }).start().join();
    if (result !== 49) throw new Error(`Wrong result: ${result}`);
  }
}

function cold(target: (x: number) => number): () => Promise<number> {
  return () => perOperation(COLD, () => startAndJoin(COLD, target));
}

/** Spares stand by, at rest, before the measurement begins, and are not replaced in it. */
function withSpares(target: (x: number) => number): () => Promise<number> {
  return async () => {
    await Process.prewarm(SPARES);
    await new Promise((resolve) => setTimeout(resolve, REST));
    const time = await perOperation(SPARES, () => startAndJoin(SPARES, target));
    await Process.prewarm(0);
    return time;
  };
}

const scope = "process";
const INCREMENTS = operations(1_000_000);
const ITEMS = operations(400_000);
const ROUND_TRIPS = operations(10_000);

/** Two processes add to one value. */
async function addTogether(lock: Lock | null): Promise<number> {
  const [value, start] = [new Value("i", 0, { scope }), new Barrier(2, { scope })];
  const processes = [1, 2].map(() =>
    new Process({ target: increment, args: [value, lock, start, INCREMENTS] }).start()
  );
  const times: number[] = [];
  for (const process of processes) times.push(await process.join());
  if (value.value !== 2 * INCREMENTS) throw new Error(`Wrong sum: ${value.value}`);
  return Math.max(...times) * 1e6 / (2 * INCREMENTS);
}

/** From this process to another one. */
async function through(): Promise<number> {
  const queue = new Queue<number>(0, { scope });
  const process = new Process({ target: getAll, args: [queue, ITEMS + 1] }).start();
  queue.putSync(0);
  while (!queue.empty()) await new Promise((resolve) => setTimeout(resolve, 1));
  return await perOperation(ITEMS, async () => {
    for (let i = 0; i < ITEMS; i++) queue.putSync(i);
    await process.join();
  });
}

/** To another process and back, one item at a time. */
function roundTrip(name: string, isBlocking: boolean): Case {
  return {
    name,
    measure: async () => {
      const [questions, answers] = [1, 2].map(() => new Queue<number>(0, { scope }));
      if (questions === undefined || answers === undefined) return null;
      const process = new Process({
        target: isBlocking ? echo : echoAwaiting,
        args: [questions, answers, ROUND_TRIPS + 1],
      }).start();
      questions.putSync(0);
      await answers.get();
      const time = await perOperation(ROUND_TRIPS, async () => {
        for (let i = 0; i < ROUND_TRIPS; i++) {
          if (isBlocking) questions.putSync(i);
          else await questions.put(i);
          if (isBlocking) answers.getSync();
          else await answers.get();
        }
      });
      await process.join();
      return time;
    },
  };
}

const TASKS = operations(200_000);
const CALLS = operations(5_000);

/** A case with a pool of two processes. */
function ofPool(name: string, count: number, use: (pool: Pool) => void | Promise<void>): Case {
  let pool: Pool | undefined;
  return {
    name: `Pool.${name}`,
    open: () => {
      pool = new Pool(2);
    },
    measure: () => perOperation(count, () => use(pool as Pool)),
    close: async () => {
      pool?.close();
      await pool?.join();
    },
  };
}

async function map(pool: Pool, count: number, chunksize?: number): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => i);
  const results = await pool.map(square, items, chunksize === undefined ? {} : { chunksize });
  if (results[count - 1] !== (count - 1) ** 2) throw new Error("Wrong results");
}

await benchmark([
  {
    title: "A map over numbers, one by one, two processes",
    cases: [
      { name: "CPython Pool.map, chunksize 1", measure: () => cpython(BASELINE, "pool_map_1") },
      ofPool("map, chunksize 1", TASKS, (pool) => map(pool, TASKS, 1)),
    ],
    targets: [{ name: "Pool.map, chunksize 1", ratio: 1 / 10 }],
    rate: true,
    rounds: 5,
  },
  {
    title: "A map over numbers, in chunks, two processes",
    cases: [
      { name: "CPython Pool.map", measure: () => cpython(BASELINE, "pool_map") },
      ofPool("map", TASKS * 5, (pool) => map(pool, TASKS * 5)),
    ],
    targets: [{ name: "Pool.map", ratio: 1 }],
    rate: true,
    rounds: 5,
  },
  {
    title: "One call after the other, in a pool of two processes",
    cases: [
      { name: "CPython Pool.apply", measure: () => cpython(BASELINE, "pool_apply") },
      {
        name: "CPython ProcessPoolExecutor",
        measure: () => cpython(BASELINE, "executor_submit"),
      },
      ofPool("applySync", CALLS, (pool) => {
        for (let i = 0; i < CALLS; i++) pool.applySync(square, [i]);
      }),
      ofPool("apply", CALLS, async (pool) => {
        for (let i = 0; i < CALLS; i++) await pool.apply(square, [i]);
      }),
    ],
    measure: ["CPython Pool.apply", "CPython ProcessPoolExecutor"],
    targets: [{ name: "Pool.apply", ratio: 0.4 }],
    rounds: 5,
  },
  {
    title: "A value under its lock, two processes",
    cases: [
      { name: "CPython multiprocessing.Value", measure: () => cpython(BASELINE, "value") },
      { name: "Value, its RLock", measure: () => addTogether(null) },
      { name: "Value, a Lock", measure: () => addTogether(new Lock({ scope })) },
    ],
    targets: [{ name: "Value, its RLock", ratio: 1 / 3 }],
    rate: true,
    rounds: 5,
  },
  {
    title: "Numbers through a queue to another process",
    cases: [
      { name: "CPython multiprocessing.Queue", measure: () => cpython(BASELINE, "queue") },
      { name: "Queue, blocking", measure: through },
    ],
    targets: [{ name: "Queue, blocking", ratio: 1 / 2 }],
    rate: true,
    rounds: 5,
  },
  {
    title: "To another process and back by two queues",
    cases: [
      { name: "CPython multiprocessing.Queue", measure: () => cpython(BASELINE, "round_trip") },
      roundTrip("Queue, blocking", true),
      roundTrip("Queue, awaiting", false),
    ],
    targets: [{ name: "Queue, blocking", ratio: 0.7 }, { name: "Queue, awaiting", ratio: 0.7 }],
    rounds: 5,
  },
  {
    title: "A process with nothing to do: start and join",
    cases: [
      { name: "CPython, spawn", measure: () => cpython(BASELINE, "spawn") },
      { name: "CPython, forkserver", measure: () => cpython(BASELINE, "forkserver") },
      { name: "Process, a plain function", measure: cold((x: number) => x * x) },
      { name: "Process, a task", measure: cold(square) },
    ],
    targets: [{ name: "Process, a plain function", ratio: 1 }],
    rounds: 3,
  },
  {
    title: "A process with nothing to do, with a spare: start and join",
    cases: [
      { name: "CPython, fork", measure: () => cpython(BASELINE, "fork") },
      { name: "Process, a plain function", measure: withSpares((x: number) => x * x) },
      { name: "Process, a task", measure: withSpares(square) },
    ],
    targets: [{ name: "Process, a plain function", ratio: 1 }],
    rounds: 5,
  },
]);
