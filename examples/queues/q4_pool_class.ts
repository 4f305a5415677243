// deno run --allow-read examples/queues/q4_pool_class.ts
// Q4: a thread pool by hand: tasks in a queue, and a thread more only when no one is idle.
import { isMain, Queue, sleepSync, task, Thread, Value } from "@nogil/std";

type Callback = (status: boolean, result: number | null) => void;
type Job = [fn: (n: number) => number, args: [number], callback: Callback];

/** Counts a thread as idle for the time of a block. */
function idleTime(idle: Value<"i">): Disposable {
  idle.add(1);
  return { [Symbol.dispose]: () => void idle.add(-1) };
}

function nextJob(jobs: Queue<Job | null>, idle: Value<"i">): Job | null {
  using _ = idleTime(idle);
  return jobs.getSync();
}

export const worker = task(import.meta, (jobs: Queue<Job | null>, idle: Value<"i">): void => {
  for (let job = nextJob(jobs, idle); job !== null; job = nextJob(jobs, idle)) {
    const [fn, args, callback] = job;
    let status = true;
    let result: number | null = null;
    try {
      result = fn(...args);
    } catch {
      status = false;
    }
    callback(status, result);
  }
});

class HandMadePool {
  readonly #max: number;
  readonly #jobs: Queue<Job | null> = new Queue();
  readonly #idle: Value<"i"> = new Value("i", 0);
  readonly #threads: Thread<[Queue<Job | null>, Value<"i">], void>[] = [];
  #closed = false;

  constructor(max: number) {
    this.#max = max;
  }

  run(fn: Job[0], args: Job[1], callback: Job[2]): void {
    if (this.#closed) return;
    this.#jobs.putSync([fn, args, callback]);
    if (this.#idle.value > 0 || this.#threads.length === this.#max) return;
    const thread = new Thread({ target: worker, args: [this.#jobs, this.#idle] }).start();
    this.#threads.push(thread);
  }

  /** Takes no more tasks, and waits until those that are there have run. */
  async close(): Promise<number> {
    this.#closed = true;
    for (const _ of this.#threads) this.#jobs.putSync(null);
    for (const thread of this.#threads) await thread.join();
    return this.#threads.length;
  }

  /** Throws the tasks away that have not begun. */
  terminate(): Promise<number> {
    while (this.#jobs.tryGet() !== null);
    return this.close();
  }
}

export const square = task(import.meta, (n: number): number => {
  sleepSync(5);
  if (n === 13) throw new RangeError("unlucky");
  return n * n;
});

export const report = task(import.meta, (status: boolean, result: number | null): void => {
  console.log(status, result);
});

if (isMain(import.meta)) {
  const pool = new HandMadePool(10);
  for (let n = 0; n < 50; n++) pool.run(square, [n], report);
  console.log("at most ten threads:", await pool.close() <= 10);

  const dropped = new HandMadePool(1);
  for (let n = 0; n < 50; n++) dropped.run(square, [n], report);
  console.log("threads:", await dropped.terminate());
}
