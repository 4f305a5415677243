/**
 * The workers of pools of processes are killed (`SIGKILL`) at random instants, whatever they do:
 * `deno task chaos:pool [--kills=N]`. A `Pool` and a `ProcessPoolExecutor`, which share memory with their workers, and a
 * pool that talks to them over their control channels work at the same time.
 *
 * Every future settles, with the right value or with the loss of its worker; no task begins more often than it may; the
 * pools go on as at first, and nothing is left in the end.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { isMain } from "../../_core/task.ts";
import { BrokenPoolError, WorkerLostError } from "../../errors.ts";
import { Pool, ProcessPoolExecutor } from "../../pool/mod.ts";
import { SharedArray } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Lock } from "../../sync/mod.ts";
import type { AnyPool } from "../conformance/pool_support.ts";
import { entries } from "../conformance/support.ts";
import { kind as channels } from "../pool/channel_pool.ts";
import { childrenOf } from "../stress/process_run.ts";
import { type Books, type Job, MANNERS, openBooks, work } from "./pool_chaos_tasks.ts";
import { numberGiven, until, within } from "./support.ts";

/** Where this module was loaded from. */
export const programUrl: string = import.meta.url;

const scope = "process";
const WORKERS = 2;
/** Tasks that are under way in each pool. */
const CLIENTS = 4;
/** The longest time between two kills, in milliseconds. */
const LONGEST_PAUSE = 150;
/** As many tasks as there may be. */
const MOST_TASKS = 4_000_000;

const counts = { tasks: 0, lost: 0, again: 0, broken: 0 };

function random(limit: number): number {
  return Math.floor(Math.random() * limit);
}

/** One pool or executor, and those who give it work. */
class Runner {
  readonly #name: string;
  readonly #books: Books;
  readonly #make: () => AnyPool | ProcessPoolExecutor;
  #pool: AnyPool | ProcessPoolExecutor;
  /** How many tasks have had a result. */
  results = 0;
  #isOver = false;
  readonly #open: Set<Job> = new Set();
  readonly #clients: Promise<void>[];

  constructor(name: string, books: Books, make: () => AnyPool | ProcessPoolExecutor) {
    this.#name = name;
    this.#books = books;
    this.#make = make;
    this.#pool = make();
    this.#clients = Array.from({ length: CLIENTS }, () => this.#serve());
  }

  async #serve(): Promise<void> {
    while (!this.#isOver) {
      const pool = this.#pool;
      try {
        await within(this.#give(pool), () => `a task: ${this.#describe(pool)}`);
      } catch (error) {
        // Several of its workers in a row were killed before they had started.
        if (!(error instanceof BrokenPoolError)) throw error;
        counts.broken++;
        if (this.#pool === pool) this.#pool = this.#make();
        await end(pool);
      }
    }
  }

  /** What is under way, for the message of an error. */
  #describe(pool: AnyPool | ProcessPoolExecutor): string {
    const begun = [...this.#open].map(({ id, manner }) =>
      `${id} ${manner} begun ${Atomics.load(this.#books.ledger, id)} times`
    );
    return JSON.stringify([this.#name, begun, pool.statistics(), describeChildren()], null, 1);
  }

  async #give(pool: AnyPool | ProcessPoolExecutor): Promise<void> {
    const isExecutor = pool instanceof ProcessPoolExecutor;
    const die = random(4);
    if (die === 0) {
      const retries = random(2);
      const job = this.#job();
      await this.#settle([job], retries, async () => [
        isExecutor
          ? await pool.options({ retries }).submit(work, job)
          : await pool.apply(work, [job], { retries }),
      ]);
    } else if (die === 1) {
      const jobs = Array.from({ length: 8 }, () => this.#job());
      const chunksize = 1 + random(4);
      // All of a chunk may be run again whose results have not arrived.
      await this.#settle(jobs, chunksize === 1 ? 0 : Infinity, async () => {
        if (!isExecutor) return await pool.map(work, jobs, { chunksize });
        const results: unknown[] = [];
        for await (const one of pool.options({ chunksize }).map(work, jobs)) results.push(one);
        return results;
      });
    } else {
      await Promise.all(Array.from({ length: 1 + random(4) }, async () => {
        const job = this.#job();
        await this.#settle([job], 0, async () => [
          isExecutor ? await pool.submit(work, job) : await pool.applyAsync(work, [job]),
        ]);
      }));
    }
  }

  #job(): Job {
    const id = counts.tasks++;
    if (id >= MOST_TASKS) throw new Error("too many tasks");
    const manner = MANNERS[random(MANNERS.length)] as Job["manner"];
    return manner === "large"
      ? { id, manner, ballast: new Uint8Array(random(300_000)).fill(id) }
      : { id, manner };
  }

  async #settle(
    jobs: readonly Job[],
    retries: number,
    run: () => Promise<unknown[]>,
  ): Promise<void> {
    const { ledger } = this.#books;
    let results: unknown[] | null = null;
    for (const job of jobs) this.#open.add(job);
    try {
      results = await run();
    } catch (error) {
      if (error instanceof BrokenPoolError) throw error;
      assert(error instanceof WorkerLostError, `${error}`);
      assertEquals([error.kind, error.signal], ["process", "SIGKILL"], error.message);
      counts.lost++;
    }
    for (const job of jobs) this.#open.delete(job);
    jobs.forEach(({ id, manner, ballast }, i) => {
      const times = Atomics.load(ledger, id);
      if (times > 1) counts.again++;
      assert(times <= 1 + retries, `task ${id} was begun ${times} times`);
      if (results === null) return;
      this.results++;
      assert(times >= 1, `task ${id} has a result and was never begun`);
      assertEquals(results[i], manner === "large" ? [id * 2, ballast] : id * 2);
    });
  }

  /** Waits for what is under way; shows that the pool works as at first, and ends it. */
  async finish(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    const jobs = Array.from({ length: 20 }, () => this.#job());
    const results = this.#pool instanceof ProcessPoolExecutor
      ? await within(Promise.all(jobs.map((job) => this.#submit(job))), "a healthy executor")
      : await within(this.#pool.map(work, jobs, { chunksize: 1 }), "a healthy pool");
    assertEquals(results.length, jobs.length);
    await within(end(this.#pool), "the end of a pool");
  }

  async #submit(job: Job): Promise<unknown> {
    return await (this.#pool as ProcessPoolExecutor).submit(work, job);
  }
}

/** The states of all workers. */
function describeChildren(): string[] {
  return childrenOf(process.pid).map((pid) => {
    const threads = readdirSync(`/proc/${pid}/task`).map((id) => {
      const at = `/proc/${pid}/task/${id}`;
      const [name, place] = ["comm", "wchan"].map((file) => readFileSync(`${at}/${file}`, "utf8"));
      return `${name?.trim()} ${place}`;
    });
    return `${pid}: ${threads.join(", ")}`;
  });
}

async function end(pool: AnyPool | ProcessPoolExecutor): Promise<void> {
  if (pool instanceof ProcessPoolExecutor) return await pool.shutdown();
  pool.close();
  await pool.join();
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`nogil-${process.pid}-`));
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

async function main(): Promise<void> {
  const kills = numberGiven("kills", 1000);
  const books: Books = {
    ledger: SharedArray("i", MOST_TASKS, { scope }),
    lock: new Lock({ scope }),
    queue: new Queue<number>(20, { scope }),
  };
  const options = { initializer: openBooks, initargs: [books] };
  const runners = [
    new Runner("Pool", books, () => new Pool(WORKERS, options)),
    new Runner(
      "ProcessPoolExecutor",
      books,
      () => new ProcessPoolExecutor({ ...options, maxWorkers: WORKERS }),
    ),
    new Runner("Pool over channels", books, () => channels.make(WORKERS, options)),
  ];
  const began = performance.now();
  let atFirst = 0;
  for (let done = 0; done < kills;) {
    // Workers shall not only be killed while they start: every pool gets something done between two kills.
    const before = runners.map(({ results }) => results);
    const isBusy = (): boolean => runners.every(({ results }, i) => results > Number(before[i]));
    await pause(random(LONGEST_PAUSE));
    await until(isBusy, () => "results of all pools");
    const children = childrenOf(process.pid);
    const victim = children[random(children.length)];
    if (victim === undefined) continue;
    try {
      process.kill(victim, "SIGKILL");
    } catch {
      continue; // It has just ended.
    }
    done++;
    if (done === 20) atFirst = descriptors();
    if (done % 100 === 0) {
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(`${done} kills, ${counts.tasks} tasks, ${counts.lost} lost, ${seconds} s`);
    }
  }
  await Promise.all(runners.map((runner) => runner.finish()));
  await until(() => childrenOf(process.pid).length === 0, () => "the end of all workers");
  await until(() => leftovers().length === 0, () => "the removal of all sockets");
  if (kills > 20) {
    assert(descriptors() < atFirst + 20, `${descriptors()} descriptors, ${atFirst} first`);
  }
  (await books.lock.acquire({ timeout: 60_000, recover: true })).release();
  await until(
    () => entries(scope) + entries("thread") === 0,
    () => `the end of all entries: ${entries(scope)}, ${entries("thread")}`,
  );
  const { tasks, lost, again, broken } = counts;
  console.log(
    `${kills} kills, ${tasks} tasks: ${lost} lost, ${again} run again, ${broken} broken pools; nothing left`,
  );
}

if (isMain(import.meta)) await main();
