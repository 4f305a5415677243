/**
 * The pools that the benchmarks compare with, behind one interface.
 *
 * They are dependencies of this folder alone: {@linkcode installPeers} gets them from npm.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What a worker does; the tasks are the same in every pool. */
export type Work = "square" | "echo" | "primes";

/** A pool of two threads that somebody else wrote. */
export interface Peer {
  run(work: Work, value: unknown): Promise<unknown>;
  /** Sends bytes there and back, without a copy where the pool can. */
  runMoved?(bytes: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Whether `run` takes bytes away from the caller. */
  movesAlways?: boolean;
  close(): unknown;
}

/** How many threads each pool has. */
export const WORKERS = 2;

// deno-lint-ignore no-explicit-any -- the pools are loaded at run time, once they are installed, and have no types here
type Untyped = any;

const require = createRequire(import.meta.url);

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** Installs the pinned versions, unless they are there. */
export function installPeers(): void {
  const folder = here(".");
  const { dependencies } = JSON.parse(readFileSync(here("package.json"), "utf8"));
  const isThere = Object.entries(dependencies).every(([name, version]) => {
    const file = here(`node_modules/${name}/package.json`);
    return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
  });
  if (isThere) return;
  const flags = ["--prefix", folder, "--no-audit", "--no-fund", "--no-package-lock"];
  const { status, stderr } = spawnSync("npm", ["install", ...flags], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Cannot install the peers: ${stderr}`);
}

function piscina(tasksAtOnce: number): Peer {
  const { Piscina } = require("piscina") as Untyped;
  const pool = new Piscina({
    filename: here("tasks.mjs"),
    minThreads: WORKERS,
    maxThreads: WORKERS,
    concurrentTasksPerWorker: tasksAtOnce,
  });
  const moved = { name: "echoMoved", filename: here("piscina_tasks.cjs") };
  return {
    run: (work, value) => pool.run(value, { name: work }),
    runMoved: (bytes) => pool.run(bytes, { ...moved, transferList: [bytes.buffer] }),
    close: () => pool.destroy(),
  };
}

async function tinypool(): Promise<Peer> {
  const { Tinypool } = await import(pathToFileURL(require.resolve("tinypool")).href) as Untyped;
  const pool = new Tinypool({
    filename: new URL("tasks.mjs", import.meta.url).href,
    minThreads: WORKERS,
    maxThreads: WORKERS,
  });
  return {
    run: (work, value) => pool.run(value, { name: work }),
    close: () => pool.destroy(),
  };
}

function workerpool(): Peer {
  const { pool: create } = require("workerpool") as Untyped;
  const pool = create(here("workerpool_worker.cjs"), {
    minWorkers: WORKERS,
    maxWorkers: WORKERS,
    workerType: "thread",
  });
  return {
    run: (work, value) => pool.exec(work, [value]),
    runMoved: (bytes) => pool.exec("echoMoved", [bytes], { transfer: [bytes.buffer] }),
    close: () => pool.terminate(true),
  };
}

function poolifier(): Peer {
  const { FixedThreadPool } = require("poolifier") as Untyped;
  const pool = new FixedThreadPool(WORKERS, here("poolifier_worker.cjs"), {
    errorHandler: () => undefined,
  });
  return {
    run: (work, value) => pool.execute(value, work),
    close: () => pool.destroy(),
  };
}

/** Tasks of `multithreading`, which sends them as source text. */
const INLINE: Readonly<Record<Work, (x: never) => unknown>> = {
  square: (x: number) => x * x,
  echo: (x: unknown) => x,
  primes: (limit: number) => {
    let count = 0;
    for (let n = 2; n < limit; n++) {
      let prime = true;
      for (let d = 2; prime && d * d <= n; d++) prime = n % d !== 0;
      if (prime) count++;
    }
    return count;
  },
};

/** `multithreading`, and its own `Atomics.waitAsync`, which turns the event loop until it is woken. */
export async function loadMultithreading(): Promise<
  { library: Untyped; waitAsync: typeof Atomics.waitAsync }
> {
  if (!("navigator" in globalThis)) throw new Error("not on this Node: it has no navigator");
  const original = Atomics.waitAsync;
  try {
    const runtime = "Deno" in globalThis ? "deno" : "node";
    const library = await import(
      new URL(`node_modules/multithreading/src/${runtime}/lib.js`, import.meta.url).href
    );
    return { library, waitAsync: Atomics.waitAsync };
  } finally {
    // Else it would replace that of everybody else who is measured here.
    Atomics.waitAsync = original;
  }
}

let isConfigured = false;

async function multithreading(): Promise<Peer> {
  const { library: { initRuntime, move, shutdown, spawn } } = await loadMultithreading();
  if (!isConfigured) initRuntime({ maxWorkers: WORKERS });
  isConfigured = true;
  async function run(work: Work, value: unknown): Promise<unknown> {
    const result = await spawn(move(value), INLINE[work]).join();
    if (!result.ok) throw result.error;
    return result.value;
  }
  // A worker that still imports a function fails all further tasks with it.
  for (const work of ["square", "echo", "primes"] as const) {
    await Promise.all(Array.from({ length: WORKERS }, () => run(work, 1)));
  }
  return {
    run,
    runMoved: (bytes) => run("echo", bytes),
    movesAlways: true,
    close: () => shutdown(),
  };
}

/** The pools by name. */
export const PEERS: Readonly<Record<string, () => Peer | Promise<Peer>>> = {
  "piscina": () => piscina(1),
  "piscina, 16 tasks at once": () => piscina(16),
  "tinypool": tinypool,
  "workerpool": workerpool,
  "poolifier": poolifier,
  "multithreading": multithreading,
};

/** Which version of each pool this is. */
export function describePeers(): string {
  const { dependencies } = JSON.parse(readFileSync(here("package.json"), "utf8"));
  return Object.entries(dependencies).map((entry) => entry.join(" ")).join(", ");
}

/** Ends the program, though threads of a pool that hangs may be left. */
export function leave(): never {
  process.exit();
}
