/**
 * How fast are pools of threads, beside the pools that others wrote and CPython's?
 *
 * `deno task bench:pool [--json] [--quick] [--only=PART OF A TITLE]`. All pools have two workers. The pools of others are
 * installed into `bench/peers/` first.
 *
 * @module
 */
import { ThreadPool, ThreadPoolExecutor } from "@nogil/std/pool";
import { benchmark, type Case, cpython, type Growth, operations, perOperation } from "./harness.ts";
import { installPeers, leave, type Peer, PEERS, type Work, WORKERS } from "./peers/peers.ts";
import { echo, primes, square } from "./pool_tasks.ts";

const BASELINE = new URL("./pool_baseline.py", import.meta.url);

/** Tasks submitted at once: `multithreading` loses tasks above 65 536. */
const TASKS = operations(20_000);
const MANY_TASKS = operations(200_000);
const ROUND_TRIPS = operations(2_000);
const MEGABYTES = operations(10);
const MEGABYTE = 1 << 20;
const SMALL = { id: 12345, name: "item", ok: true, x: 1.5 };
const STRING = "item number 12345";
/** How many tasks of how much work two workers share. */
const BLOCKS = 16;
const LIMIT = operations(200_000);

const PEER_NAMES = Object.keys(PEERS);

/** Submits tasks at once and waits for all. */
async function burst(tasks: number, run: (i: number) => PromiseLike<unknown>): Promise<void> {
  const promises: PromiseLike<unknown>[] = [];
  for (let i = 0; i < tasks; i++) promises.push(run(i));
  const results = await Promise.all(promises);
  if (results.length !== tasks || results.includes(undefined)) throw new Error("lost results");
}

/** Runs tasks one after the other. */
async function inTurn(tasks: number, run: (i: number) => PromiseLike<unknown>): Promise<void> {
  for (let i = 0; i < tasks; i++) await run(i);
}

/** A case with each pool of others; `null` for those that cannot do it. */
function others(
  suffix: string,
  count: number,
  use: (peer: Peer) => Promise<void> | null,
): Case[] {
  return PEER_NAMES.map((name): Case => {
    let peer: Peer | undefined;
    return {
      name: name + suffix,
      open: async () => {
        peer = await PEERS[name]?.();
      },
      measure: async () => {
        const began = performance.now();
        const done = peer === undefined ? null : use(peer);
        if (done === null) return null;
        await done;
        return (performance.now() - began) * 1e6 / count;
      },
      close: () => peer?.close(),
    };
  });
}

function burstOf(work: Work, value?: unknown): (peer: Peer) => Promise<void> {
  return (peer) => burst(TASKS, (i) => peer.run(work, value ?? i));
}

/** A case with a pool of ours. */
function ofPool(
  name: string,
  count: number,
  use: (pool: ThreadPool) => void | Promise<void>,
  workers = WORKERS,
): Case {
  let pool: ThreadPool | undefined;
  return {
    name: `ThreadPool.${name}`,
    open: () => {
      pool = new ThreadPool(workers);
    },
    measure: () => perOperation(count, () => use(pool as ThreadPool)),
    close: async () => {
      pool?.close();
      await pool?.join();
    },
  };
}

/** A case with an executor of ours. */
function ofExecutor(
  name: string,
  count: number,
  use: (executor: ThreadPoolExecutor) => void | Promise<void>,
): Case {
  let executor: ThreadPoolExecutor | undefined;
  return {
    name: `ThreadPoolExecutor.${name}`,
    open: () => {
      executor = new ThreadPoolExecutor({ maxWorkers: WORKERS });
    },
    measure: () => perOperation(count, () => use(executor as ThreadPoolExecutor)),
    close: () => executor?.shutdown(),
  };
}

function ofCPython(name: string, what: string, count: number): Case {
  return { name: `CPython ${name}`, measure: () => cpython(BASELINE, what, count) };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

async function map(pool: ThreadPool, count: number, chunksize?: number): Promise<void> {
  const results = await pool.map(square, numbers(count), chunksize ? { chunksize } : {});
  if (results[count - 1] !== (count - 1) ** 2) throw new Error("wrong results");
}

installPeers();
await benchmark([
  {
    title: `Many small tasks at once: ${TASKS} numbers to square`,
    cases: [
      ...others("", TASKS, burstOf("square")),
      ofPool("apply", TASKS, (pool) => burst(TASKS, (i) => pool.apply(square, [i]))),
      ofPool("applyAsync", TASKS, (pool) => burst(TASKS, (i) => pool.applyAsync(square, [i]))),
      ofExecutor("submit", TASKS, (it) => burst(TASKS, (i) => it.submit(square, i))),
      ofPool("map, chunksize 1", TASKS, (pool) => map(pool, TASKS, 1)),
      ofPool("map", TASKS, (pool) => map(pool, TASKS)),
      ofPool(
        `apply, ${MANY_TASKS} at once`,
        MANY_TASKS,
        (pool) => burst(MANY_TASKS, (i) => pool.apply(square, [i])),
      ),
      ofPool(
        `map, chunksize 1, ${MANY_TASKS} at once`,
        MANY_TASKS,
        (pool) => map(pool, MANY_TASKS, 1),
      ),
      ofPool(`map, ${MANY_TASKS} at once`, MANY_TASKS, (pool) => map(pool, MANY_TASKS)),
      ofCPython("ThreadPoolExecutor.submit", "submit", TASKS),
      ofCPython("ThreadPool.apply_async", "apply_async", TASKS),
      ofCPython("ThreadPool.map, chunksize=1", "map_1", TASKS),
      ofCPython("ThreadPool.map", "map", MANY_TASKS),
    ],
    measure: PEER_NAMES,
    targets: [
      { name: "ThreadPool.apply", ratio: 1 / 10 },
      { name: "ThreadPool.applyAsync", ratio: 1 / 10 },
      { name: "ThreadPoolExecutor.submit", ratio: 1 / 10 },
      { name: "ThreadPool.map, chunksize 1", ratio: 1 / 10 },
      { name: "ThreadPool.map", ratio: 1 / 10 },
    ],
    rounds: 5,
    rate: true,
  },
  {
    title: "One task after the other: there and back",
    cases: [
      ...others(
        "",
        ROUND_TRIPS,
        (peer) => inTurn(ROUND_TRIPS, (i) => peer.run("square", i)),
      ),
      ofPool("apply", ROUND_TRIPS, (pool) => inTurn(ROUND_TRIPS, (i) => pool.apply(square, [i]))),
      ofExecutor("submit", ROUND_TRIPS, (it) => inTurn(ROUND_TRIPS, (i) => it.submit(square, i))),
      ofExecutor("submit, resultSync", ROUND_TRIPS, (it) => {
        for (let i = 0; i < ROUND_TRIPS; i++) it.submit(square, i).resultSync();
      }),
      ofCPython("ThreadPoolExecutor.submit", "submit_in_turn", ROUND_TRIPS),
      ofCPython("ThreadPool.apply", "apply_in_turn", ROUND_TRIPS),
    ],
    measure: PEER_NAMES,
    targets: [
      { name: "ThreadPool.apply", ratio: 1 },
      { name: "ThreadPoolExecutor.submit", ratio: 1 },
      { name: "ThreadPoolExecutor.submit, resultSync", ratio: 1 },
    ],
  },
  {
    title: "Small objects there and back, many at once",
    cases: [
      ...others("", TASKS, burstOf("echo", SMALL)),
      ofPool("apply", TASKS, (pool) => burst(TASKS, () => pool.apply(echo, [SMALL]))),
      ofExecutor("submit", TASKS, (it) => burst(TASKS, () => it.submit(echo, SMALL))),
      ofCPython("ThreadPoolExecutor.submit", "object", TASKS),
    ],
    measure: PEER_NAMES,
    targets: [{ name: "ThreadPool.apply", ratio: 1 / 10 }],
    rounds: 5,
    rate: true,
  },
  {
    title: "Strings of 17 characters there and back, many at once",
    cases: [
      ...others("", TASKS, burstOf("echo", STRING)),
      ofPool("apply", TASKS, (pool) => burst(TASKS, () => pool.apply(echo, [STRING]))),
      ofExecutor("submit", TASKS, (it) => burst(TASKS, () => it.submit(echo, STRING))),
      ofCPython("ThreadPoolExecutor.submit", "string", TASKS),
    ],
    measure: PEER_NAMES,
    targets: [{ name: "ThreadPool.apply", ratio: 1 / 10 }],
    rounds: 5,
    rate: true,
  },
  {
    title: "1 MiB of bytes there and back, one after the other",
    cases: [
      ...others(", copied", MEGABYTES, (peer) => {
        if (peer.movesAlways) return null;
        const bytes = new Uint8Array(MEGABYTE);
        return inTurn(MEGABYTES, () => peer.run("echo", bytes));
      }),
      ...others(", moved", MEGABYTES, (peer) => {
        const { runMoved } = peer;
        if (runMoved === undefined) return null;
        return inTurn(MEGABYTES, () => runMoved(new Uint8Array(MEGABYTE)));
      }),
      ofPool("apply, copied", MEGABYTES, (pool) => {
        const bytes = new Uint8Array(MEGABYTE);
        return inTurn(MEGABYTES, () => pool.apply(echo, [bytes]));
      }),
      ofPool("apply, moved", MEGABYTES, (pool) =>
        inTurn(MEGABYTES, () => {
          const bytes = new Uint8Array(MEGABYTE);
          return pool.apply(echo, [bytes], { transfer: [bytes.buffer] });
        })),
      ofCPython("ThreadPoolExecutor.submit, by reference", "bytes", MEGABYTES),
    ],
    measure: PEER_NAMES.map((name) => `${name}, copied`),
  },
  {
    title: "Work for the processor alone: two workers beside one",
    cases: [
      ofPool("apply, one worker", 1, (pool) => burst(BLOCKS, () => pool.apply(primes, [LIMIT])), 1),
      ofPool("apply", 1, (pool) => burst(BLOCKS, () => pool.apply(primes, [LIMIT]))),
      ofExecutor("submit", 1, (it) => burst(BLOCKS, () => it.submit(primes, LIMIT))),
      ...others("", 1, (peer) => burst(BLOCKS, () => peer.run("primes", LIMIT))),
    ],
    targets: [
      { name: "ThreadPool.apply", ratio: 1 / 1.9 },
      { name: "ThreadPoolExecutor.submit", ratio: 1 / 1.9 },
    ],
    rounds: 5,
  },
], [
  growthOf("1 000 000 tasks by apply, 10 000 at once", async (pool) => {
    for (let i = 0; i < 10; i++) {
      await burst(operations(10_000), (i) => pool.apply(square, [i]));
    }
  }),
  growthOf("1 000 000 small objects by apply, 10 000 at once", async (pool) => {
    for (let i = 0; i < 10; i++) {
      await burst(operations(10_000), (id) => pool.apply(echo, [{ ...SMALL, id }]));
    }
  }),
  growthOf("1 000 000 tasks by map, 100 000 at once", (pool) => map(pool, operations(100_000), 1)),
]);
leave();

/** The memory of the program while a pool runs 1 000 000 tasks. */
function growthOf(title: string, step: (pool: ThreadPool) => Promise<void>): Growth {
  let pool: ThreadPool | undefined;
  return {
    title,
    open: () => {
      pool = new ThreadPool(WORKERS);
    },
    step: () => step(pool as ThreadPool),
    close: async () => {
      pool?.close();
      await pool?.join();
    },
    allowed: 16,
  };
}
