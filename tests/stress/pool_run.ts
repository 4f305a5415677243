/** The stress run of pools, for `pool_stress.ts` and, in a small version, for the tests. */

import { existsSync, readdirSync } from "node:fs";
import { SharedArray } from "../../process/mod.ts";
import { type Future, ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";
import { enumerate, mainThread } from "../../thread/mod.ts";
import type { broken as Broken } from "../pool/conformance_broken.ts";
import { type Circumstances, DEADLY, Ledger, type Row } from "./pool_ledger.ts";
import { type Deed, double, openBooks, perform, performItem } from "./pool_tasks.ts";

/** What is run. */
export interface StressOptions {
  /** How many tasks. */
  tasks: number;
  /** Workers of the pool, and of the executor beside it. */
  workers: number;
  /** For the random numbers. */
  seed: number;
  /** One task in so many ends its worker. */
  deadly: number;
  /** One death in so many is by running out of memory, which takes long. */
  memory: number;
  /** So many workers are killed whatever they do. */
  blows: number;
  /** Async tasks at once in a worker. */
  concurrency: number;
  /** Is told how far it is. */
  log?: (line: string) => void;
}

/** What came of it. */
export interface StressReport {
  rows: Row[];
  deaths: Record<string, number>;
  blows: number;
  innocentsLost: number;
  violations: string[];
  violationCount: number;
  seconds: number;
}

/** Milliseconds without a settled task after which the run counts as hanging. */
const PATIENCE = 60_000;
/** Milliseconds that a task has to end after an abort. */
const GRACE = 20;

type Mode = "applyAsync" | "map" | "starmap" | "imap" | "imapUnordered" | "submit" | "executor.map";
const MODES: readonly Mode[] = [
  "applyAsync",
  "map",
  "starmap",
  "imap",
  "imapUnordered",
  "submit",
  "executor.map",
];

/** Random numbers below 1 that a seed determines. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Loads the module that no worker can load. */
async function loadBroken(): Promise<typeof Broken> {
  (globalThis as { [key: symbol]: unknown })[Symbol.for("nogil.tests.main")] = true;
  return (await import("../pool/conformance_broken.ts")).broken;
}

/** The threads that the system knows of; 0 where it does not say. */
export function systemThreads(): number {
  return existsSync("/proc/self/task") ? readdirSync("/proc/self/task").length : 0;
}

/** Runs everything, and ends all that it began. */
export async function stressPools(options: StressOptions): Promise<StressReport> {
  return await new Run(options, await loadBroken()).run();
}

class Run {
  readonly #options: StressOptions;
  readonly #random: () => number;
  readonly #broken: typeof Broken;
  readonly #ledger: Ledger;
  readonly #victims: SharedArray<"i">;
  readonly #pool: ThreadPool;
  readonly #executor: ThreadPoolExecutor;
  #blowsLeft: number;
  #disturbed = 0;

  constructor(options: StressOptions, broken: typeof Broken) {
    this.#options = options;
    this.#broken = broken;
    this.#random = randomFrom(options.seed);
    this.#ledger = new Ledger(options.tasks);
    this.#victims = SharedArray("i", 64);
    this.#blowsLeft = options.blows;
    const { workers, concurrency } = options;
    const common = {
      initializer: openBooks,
      initargs: [this.#ledger.executions, this.#victims],
      grace: GRACE,
      memoryLimit: 32,
    };
    this.#pool = new ThreadPool(workers, { ...common, concurrency });
    this.#executor = new ThreadPoolExecutor({ ...common, maxWorkers: workers, concurrency });
  }

  async run(): Promise<StressReport> {
    const { tasks, blows, concurrency, workers } = this.#options;
    const began = performance.now();
    const ledger = this.#ledger;
    const executioner = setInterval(() => this.#execute(), 2);
    const watch = this.#watch();
    try {
      await Promise.race([watch.hanging, this.#waves()]);
      clearInterval(executioner);
      await Promise.race([watch.hanging, this.#checkHealth()]);
      this.#pool.close();
      await Promise.race([
        watch.hanging,
        Promise.all([this.#pool.join(), this.#executor.shutdown()]),
      ]);
      ledger.close();
    } catch (error) {
      ledger.violate(`${error}`);
      this.#pool.terminate();
    } finally {
      clearInterval(executioner);
      watch.stop();
    }
    if (ledger.size !== tasks) ledger.violate(`${ledger.size} tasks were made, not ${tasks}`);
    const struck = blows - this.#blowsLeft;
    const deaths = Object.values(ledger.deaths).reduce((sum, count) => sum + count, 0);
    // Those who run at the same time in a worker die together.
    const allowed = struck * concurrency + (deaths + this.#disturbed) * (concurrency - 1);
    if (ledger.innocentsLost > allowed) {
      ledger.violate(`${ledger.innocentsLost} innocent tasks were lost; ${allowed} could be`);
    }
    const left = enumerate().filter((thread) => thread !== mainThread());
    if (left.length > 0) ledger.violate(`${left.length} of 2 × ${workers} workers are left`);
    return {
      rows: ledger.rows,
      deaths: ledger.deaths,
      blows: struck,
      innocentsLost: ledger.innocentsLost,
      violations: ledger.violations,
      violationCount: ledger.violationCount,
      seconds: (performance.now() - began) / 1000,
    };
  }

  /** Kills those who wait for it, and now and then somebody else. */
  #execute(): void {
    const threads = enumerate();
    const kill = (ident: number): void => threads.find((one) => one.ident === ident)?.kill();
    for (let i = 0; i < this.#victims.length; i++) {
      const ident = Atomics.exchange(this.#victims, i, 0);
      if (ident !== 0) kill(ident);
    }
    const { blows, tasks } = this.#options;
    const due = Math.ceil(blows * (1 - this.#ledger.settled / tasks));
    const workers = threads.filter((thread) => thread !== mainThread());
    if (this.#blowsLeft > due && workers.length > 0) {
      this.#blowsLeft--;
      workers[Math.floor(this.#random() * workers.length)]?.kill();
    }
  }

  /** Notices when nothing comes any more. */
  #watch(): { hanging: Promise<never>; stop(): void } {
    let stop = (): void => {};
    const hanging = new Promise<never>((_, reject) => {
      let [settled, since] = [-1, performance.now()];
      const timer = setInterval(() => {
        if (this.#ledger.settled !== settled) {
          [settled, since] = [this.#ledger.settled, performance.now()];
        } else if (performance.now() - since > PATIENCE) {
          const { queued, running } = this.#pool.statistics();
          reject(new Error(`hangs at ${settled} settled tasks, ${queued} queued, ${running} run`));
        }
      }, 500);
      stop = () => clearInterval(timer);
    });
    hanging.catch(() => {});
    return { hanging, stop };
  }

  /** Makes all tasks, in waves of which three run at once. */
  async #waves(): Promise<void> {
    const { tasks, log } = this.#options;
    const running = new Set<Promise<void>>();
    const ledger = this.#ledger;
    for (let wave = 0; ledger.size < tasks; wave++) {
      const mode = MODES[wave % MODES.length] as Mode;
      const size = Math.min(20 + Math.floor(this.#random() * 400), tasks - ledger.size);
      const one = this.#wave(mode, size).finally(() => running.delete(one));
      running.add(one);
      if (running.size >= 3) await Promise.race(running);
      if (wave % 50 === 49) log?.(`${ledger.settled} of ${tasks} tasks`);
    }
    await Promise.all(running);
  }

  async #wave(mode: Mode, size: number): Promise<void> {
    let row = this.#ledger.rows.find((one) => one.mode === mode);
    if (row === undefined) {
      row = { mode, tasks: 0, fulfilled: 0, failed: 0, lost: 0, cancelled: 0, late: 0 };
      this.#ledger.rows.push(row);
    }
    row.tasks += size;
    const ids = Array.from({ length: size }, () => this.#ledger.enter(this.#chooseDeed(mode)));
    if (mode === "applyAsync") await this.#applyAll(row, ids);
    else if (mode === "submit") await this.#submitAll(row, ids);
    else if (mode === "map" || mode === "starmap") await this.#mapAll(row, ids);
    else await this.#iterate(row, ids);
  }

  #chooseDeed(mode: Mode): Deed {
    const { deadly, memory } = this.#options;
    const random = this.#random;
    // A map fails as a whole: few of its tasks fail, so that many maps do not. The other five modes make up for it.
    const isWhole = mode === "map" || mode === "starmap";
    if (random() < (isWhole ? 0.25 : 1.3) / deadly) {
      if (random() < 1 / memory) return "memory";
      const isSingle = mode === "applyAsync" || mode === "submit";
      const often = DEADLY.filter((deed) => deed !== "memory" && (isSingle || deed !== "loading"));
      return often[Math.floor(random() * often.length)] as Deed;
    }
    const die = random();
    if (die < (isWhole ? 0.0005 : 0.02)) return "fail";
    if (die < 0.1) return "workLater";
    return "work";
  }

  async #applyAll(row: Row, ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map(async (id) => {
      const ledger = this.#ledger;
      const deed = ledger.deed(id);
      const how: Circumstances = {};
      const options: { timeout?: number; signal?: AbortSignal; retries?: number } = {};
      const luck = this.#random();
      if (DEADLY.includes(deed) && deed !== "memory" && luck < 0.2) {
        options.retries = how.retries = 1;
      } else if (luck < 0.05) {
        const controller = new AbortController();
        options.signal = controller.signal;
        this.#disturbed++;
        how.aborted = `abort of ${id}`;
        setTimeout(() => controller.abort(how.aborted), Math.floor(this.#random() * 5));
      } else if (luck < 0.06) {
        options.timeout = 1 + Math.floor(this.#random() * 10);
        how.hurried = true;
        this.#disturbed++;
      }
      try {
        const result = deed === "loading"
          ? this.#pool.applyAsync(this.#broken, [], options)
          : this.#pool.applyAsync(perform, [id, deed], options);
        ledger.fulfil(row, id, await result, how);
      } catch (error) {
        ledger.reject(row, id, error, how);
      }
    }));
  }

  async #submitAll(row: Row, ids: readonly number[]): Promise<void> {
    const ledger = this.#ledger;
    const futures = ids.map((id): [number, Future<number>, Circumstances] => {
      const executor = this.#random() < 0.5
        ? this.#executor
        : this.#executor.options({ priority: Math.floor(this.#random() * 3) });
      const deed = ledger.deed(id);
      return [
        id,
        deed === "loading" ? executor.submit(this.#broken) : executor.submit(perform, id, deed),
        {},
      ];
    });
    for (const [, future, how] of futures) {
      if (this.#random() < 0.1 && future.cancel()) how.cancelled = true;
    }
    await Promise.all(futures.map(async ([id, future, how]) => {
      try {
        ledger.fulfil(row, id, await future, how);
      } catch (error) {
        ledger.reject(row, id, error, how);
      }
    }));
  }

  async #mapAll(row: Row, ids: readonly number[]): Promise<void> {
    const ledger = this.#ledger;
    const rows = ids.map((id): [number, Deed] => [id, ledger.deed(id)]);
    const chunksize = this.#chooseChunks(ids);
    try {
      const values = row.mode === "map"
        ? await this.#pool.map(performItem, rows, { chunksize })
        : await this.#pool.starmap(perform, rows, { chunksize });
      if (values.length !== ids.length) ledger.violate(`${row.mode}: ${values.length} values`);
      values.forEach((value, i) => ledger.fulfil(row, ids[i] as number, value));
    } catch (error) {
      // The error has to be that of one of them; nothing is known of the others but that none was executed twice.
      const culprits = ids.filter((id) => !["work", "workLater"].includes(ledger.deed(id)));
      const culprit = culprits.find((id) => `${error}`.endsWith(` ${id}`)) ?? culprits.find((id) =>
        DEADLY.includes(ledger.deed(id))
      ) ?? ids[0] as number;
      ledger.reject(row, culprit, error);
      ledger.settled += ids.length - 1;
    }
  }

  /** Chooses a size of chunks, and notes how often the tasks of each may be executed. */
  #chooseChunks(ids: readonly number[]): number {
    const size = this.#random() < 0.5 ? 1 : 2 + Math.floor(this.#random() * 15);
    if (size === 1) return size;
    const { blows, concurrency } = this.#options;
    // Whoever runs beside it in the worker may end it, too.
    const others = concurrency > 1 ? 20 : blows > 0 ? 2 : 0;
    for (let start = 0; start < ids.length; start += size) {
      const chunk = ids.slice(start, start + size);
      const deadly = chunk.filter((id) => DEADLY.includes(this.#ledger.deed(id))).length;
      for (const id of chunk) this.#ledger.chunk(id, deadly + others);
    }
    return size;
  }

  /** Reads an iterator to its end, beyond what failed. */
  async #iterate(row: Row, ids: readonly number[]): Promise<void> {
    const ledger = this.#ledger;
    const deeds = (function* (): Generator<[number, Deed]> {
      for (const id of ids) yield [id, ledger.deed(id)];
    })();
    const chunksize = this.#chooseChunks(ids);
    const iterator = row.mode === "executor.map"
      ? this.#executor.options({ chunksize }).map(performItem, deeds)
      : row.mode === "imap"
      ? this.#pool.imap(performItem, deeds, { chunksize })
      : this.#pool.imapUnordered(performItem, deeds, { chunksize });
    const isOrdered = row.mode !== "imapUnordered";
    const open = new Set(ids);
    let lost = 0;
    for (let i = 0;; i++) {
      try {
        const { done, value } = await iterator.next();
        if (done) break;
        const id = isOrdered ? ids[i] as number : value / 2;
        if (!open.delete(id)) ledger.violate(`${row.mode}: task ${id} came twice, or from nowhere`);
        else ledger.fulfil(row, id, value);
      } catch (error) {
        const named = /^RangeError: (?:task|timer of) (\d+)$/.exec(`${error}`)?.[1];
        const id = isOrdered ? ids[i] as number : named === undefined ? null : Number(named);
        if (id === null) lost++;
        else if (open.delete(id)) ledger.reject(row, id, error);
        if (i > ids.length) return ledger.violate(`${row.mode}: does not end: ${error}`);
      }
    }
    // What has not come, in no order, is what was lost.
    if (lost !== open.size) {
      ledger.violate(`${row.mode}: ${open.size} did not come, ${lost} were reported`);
    }
    for (const id of open) {
      ledger.settled++;
      row.lost++;
      const deed = ledger.deed(id);
      if (DEADLY.includes(deed)) ledger.deaths[deed] = (ledger.deaths[deed] ?? 0) + 1;
      else ledger.innocentsLost++;
    }
  }

  /** After all that, everything has to work as at first. */
  async #checkHealth(): Promise<void> {
    const ledger = this.#ledger;
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    const doubled = numbers.map((x) => x * 2).join();
    const mapped = await this.#pool.map(double, numbers, { chunksize: 1 });
    if (mapped.join() !== doubled) ledger.violate("the pool maps wrongly in the end");
    const futures = numbers.map((x) => this.#executor.submit(double, x));
    if ((await Promise.all(futures)).join() !== doubled) {
      ledger.violate("the executor gives wrong results in the end");
    }
    const { queued, running } = this.#pool.statistics();
    if (queued !== 0 || running !== 0) {
      ledger.violate(`${queued} queued, ${running} run in the end`);
    }
  }
}
