/**
 * One run of `queue_stress.ts`: 8 producers and 8 consumers at one queue, its end, and the audit of its ledger.
 *
 * @module
 */

import process from "node:process";
import { AbandonedError, WorkerLostError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { type AnyThread, Thread } from "../../thread/mod.ts";
import { entries, until, waitSlots } from "../conformance/support.ts";
import { type AnyQueue, type Counts, countsOf, type Doubt, Ledger, SIDE } from "./queue_ledger.ts";
import { consume, makeRandom, produce, type Shape } from "./queue_tasks.ts";

/** Milliseconds without any progress after which a run counts as hanging. */
const PATIENCE = 60_000;
/** Items that come through between two kills at least. */
const ITEMS_BETWEEN = 100;
/** About so many times are threads killed in a long run: to start a thread costs as much as thousands of items. */
const MOST_TIMES = 300;
/** Threads that are killed at the same time at most. */
const MOST_AT_ONCE = 4;

/** How a run goes. */
export interface RunOptions {
  queue: AnyQueue;
  shape: Shape;
  /** Whether items of one producer come out in the order in which it put them. */
  isOrdered: boolean;
  /** Items of each producer. */
  items: number;
  seed: number;
  /** Milliseconds between two kills, on average; 0 for none. */
  killEvery: number;
  /** How the queue is shut down while producers are at work, if at all. */
  shutdown: "late" | "early" | "immediate";
}

/** What came of a run. */
export interface Report {
  received: number;
  seconds: number;
  kills: { producers: number; consumers: number; inside: number };
  /** Items of killed producers of which nobody knows whether they were put, and how many of them were received. */
  doubts: number;
  doubtsReceived: number;
  /** Items that killed consumers had just taken. */
  gap: number;
  /** Items that the shutdown threw away. */
  dropped: number;
  inverted: number;
  /** Everything that is wrong. */
  violations: string[];
}

/** The threads of a run, what is killed among them, and what is known of it. */
class Run {
  readonly #options: RunOptions;
  readonly #ledger: Ledger;
  readonly #live: Map<string, AnyThread> = new Map();
  readonly #killed: Set<AnyThread> = new Set();
  readonly #doubts: Doubt[] = [];
  readonly #violations: string[] = [];
  readonly #kills = { producers: 0, consumers: 0, inside: 0 };
  #threads = 0;
  #isOver = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.items);
  }

  /** Runs to the end. */
  async run(): Promise<Report> {
    const { queue, killEvery, items } = this.#options;
    const began = performance.now();
    const before = [waitSlots("thread"), entries("thread")].join();
    const watch = this.#watch();
    const sides = [...Array(SIDE).keys()];
    const producing = Promise.all(sides.map((slot) => this.#keep("producer", slot)));
    const consuming = Promise.all(sides.map((slot) => this.#keep("consumer", slot)));
    const killing = killEvery > 0 ? this.#killNowAndThen() : null;
    await this.#end(producing);
    await producing;
    queue.shutdown();
    await consuming;
    this.#isOver = true;
    await killing;
    clearInterval(watch);
    await until(
      () => [waitSlots("thread"), entries("thread")].join() === before,
      "the waiters that are left",
    ).catch((error) => this.#violations.push(String(error)));
    const report = this.#audit((performance.now() - began) / 1000, items);
    await this.#join();
    return report;
  }

  /** Ends the run: by a shutdown in the midst of it, or when everything was put. */
  async #end(producing: Promise<unknown>): Promise<void> {
    const { queue, items, shutdown, killEvery, seed } = this.#options;
    if (shutdown === "late") {
      await producing;
      if (killEvery > 0 || !(queue instanceof Queue)) return;
      await queue.join();
      if (this.#ledger.received !== SIDE * items) {
        this.#violations.push(`join() came back after ${this.#ledger.received} items`);
      }
      return;
    }
    const share = 0.2 + 0.6 * makeRandom(seed)();
    while (this.#ledger.received < share * SIDE * items) await sleep(1);
    queue.shutdown({ immediate: shutdown === "immediate" });
  }

  /** Keeps one producer or consumer at work: a killed one has a successor. */
  async #keep(role: "producer" | "consumer", slot: number): Promise<void> {
    const { queue, items, shape, seed } = this.#options;
    const { words } = this.#ledger;
    for (;;) {
      const lot = seed * 1_000_003 + this.#threads++;
      const thread = role === "producer"
        ? new Thread({ target: produce, args: [queue, words, items, shape, slot, lot] })
        : new Thread({ target: consume, args: [queue, words, items, slot, lot] });
      const began = performance.now();
      this.#live.set(`${role} ${slot}`, thread.start());
      try {
        await thread.join();
        return;
      } catch (error) {
        if (!(error instanceof WorkerLostError && this.#killed.has(thread))) {
          this.#violations.push(
            `${role} ${slot}, alive for ${Math.round(performance.now() - began)} ms: ${error}`,
          );
          return;
        }
        this.#bury(role, slot);
      } finally {
        this.#live.delete(`${role} ${slot}`);
      }
    }
  }

  #bury(role: "producer" | "consumer", slot: number): void {
    if (role === "consumer") {
      this.#kills.consumers++;
      if (this.#ledger.isInside(slot)) this.#kills.inside++;
      this.#ledger.leave(slot);
      return;
    }
    this.#kills.producers++;
    const doubt = this.#ledger.doubt(slot);
    // A successor that was killed before it began anything leaves the doubt of its predecessor.
    const isKnown = this.#doubts.some(({ producer, number }) =>
      producer === slot && number === doubt?.number
    );
    if (doubt !== null && !isKnown) this.#doubts.push(doubt);
  }

  /** Kills at random moments; several threads at once when this one was long in coming. */
  async #killNowAndThen(): Promise<void> {
    const { killEvery, seed, items } = this.#options;
    const random = makeRandom(seed + 7);
    const between = Math.max(ITEMS_BETWEEN, SIDE * items / MOST_TIMES);
    let seen = 0;
    for (let next = performance.now(); !this.#isOver;) {
      await sleep(Math.max(1, next - performance.now()));
      // Else a slow machine would do nothing but start threads.
      if (this.#ledger.received < seen + between) continue;
      seen = this.#ledger.received;
      for (let victims = 0; victims < MOST_AT_ONCE && next <= performance.now(); victims++) {
        next += random() * 2 * killEvery;
        const live = [...this.#live.values()].filter((thread) => !this.#killed.has(thread));
        const victim = live[Math.floor(random() * live.length)];
        if (victim === undefined) continue;
        this.#killed.add(victim);
        victim.kill();
      }
      next = Math.max(next, performance.now() - killEvery);
    }
  }

  /** Ends the program if nothing is received for long. */
  #watch(): ReturnType<typeof setInterval> {
    let [seen, since] = [-1, performance.now()];
    return setInterval(() => {
      const { received } = this.#ledger;
      if (received !== seen) [seen, since] = [received, performance.now()];
      if (performance.now() - since < PATIENCE) return;
      const { queue } = this.#options;
      console.log(
        `HANGS after ${received} items: ${queue}, ${JSON.stringify(countsOf(queue))}, alive: ${
          [...this.#live.keys()].join(", ")
        }, kills ${JSON.stringify(this.#kills)}, ${this.#violations.join("; ")}`,
      );
      process.exit(1);
    }, 1000);
  }

  #audit(seconds: number, items: number): Report {
    const { queue, isOrdered, shutdown } = this.#options;
    const ledger = this.#ledger;
    const counts = countsOf(queue);
    const wrong = this.#violations;
    const check = (holds: boolean, what: string): void => {
      if (!holds) wrong.push(what);
    };
    const { missing, returned, received } = this.#compare(items);
    const doubts = this.#doubts.length;
    const doubtsReceived = this.#doubts
      .filter(({ producer, number }) => ledger.wasReceived(producer, number)).length;
    const gap = counts.taken - received;
    const { consumers, inside } = this.#kills;

    check(ledger.twice === 0, `${ledger.twice} items were received twice`);
    check(ledger.alien === 0, `${ledger.alien} things were received that are no items`);
    check(queue.qsize() === 0, `qsize() is ${queue.qsize()} at the end`);
    check(
      counts.put >= returned && counts.put <= returned + doubts,
      `${counts.put} items in the queue, ${returned} put and ${doubts} in doubt`,
    );
    check(gap >= 0 && gap <= inside, `${gap} items gone with ${inside} consumers in the gap`);
    check(
      missing <= gap + counts.dropped,
      `${missing} items lost, ${gap} in the gap and ${counts.dropped} dropped`,
    );
    check(
      counts.dropped === 0 || shutdown === "immediate",
      `${counts.dropped} items dropped by nobody`,
    );
    // An item that comes back from a dead consumer may be behind a later one.
    check(
      !isOrdered || ledger.inverted <= consumers,
      `${ledger.inverted} items out of order, ${consumers} consumers killed`,
    );
    this.#checkDone(counts, received, inside, check);
    if (shutdown === "late") {
      const all = SIDE * items;
      check(returned + doubts === all, `${returned} items put and ${doubts} in doubt of ${all}`);
    }
    return {
      received,
      seconds,
      kills: this.#kills,
      doubts,
      doubtsReceived,
      gap,
      dropped: counts.dropped,
      inverted: ledger.inverted,
      violations: wrong,
    };
  }

  /** Every `taskDone` that returned counts, and only those. */
  #checkDone(
    { put, dropped, done }: Counts,
    received: number,
    inside: number,
    check: (holds: boolean, what: string) => void,
  ): void {
    const { queue } = this.#options;
    if (!(queue instanceof Queue)) return;
    const { consumers } = this.#kills;
    check(
      done <= received && done >= received - consumers,
      `${done} items done of ${received} received`,
    );
    const left = queue.unfinishedTasks;
    check(left === put - dropped - done, `unfinishedTasks is ${left}`);
    check(inside > 0 || consumers > 0 || left === 0, `${left} tasks unfinished, nobody was killed`);
  }

  /** What is unfinished is lost: `join` says so, until it is reported. */
  async #join(): Promise<void> {
    const { queue } = this.#options;
    if (!(queue instanceof Queue)) return;
    for (const options of [{}, { timeout: PATIENCE }]) {
      const left = queue.unfinishedTasks;
      const error: unknown = await queue.join(options).catch((error) => error);
      const expected = left === 0 ? undefined : AbandonedError.prototype.name;
      const found = error instanceof Error ? error.name : error;
      if (found !== expected) {
        this.#violations.push(`join() with ${left} tasks unfinished gave ${error}`);
      } else if (left > 0 && !String(error).includes(`: ${left} item`)) {
        this.#violations.push(`${left} tasks unfinished, join() says ${error}`);
      }
      for (let i = 0; i < left; i++) queue.taskDone();
    }
    if (queue.unfinishedTasks > 0) {
      this.#violations.push(`${queue.unfinishedTasks} tasks at the end`);
    }
  }

  /** Compares what was put with what was received. */
  #compare(items: number): { missing: number; returned: number; received: number } {
    const ledger = this.#ledger;
    const doubtful = new Set(this.#doubts.map(({ producer, number }) => number * SIDE + producer));
    let [missing, returned, received] = [0, 0, 0];
    for (let producer = 0; producer < SIDE; producer++) {
      const refused = ledger.lastRefused(producer);
      for (let number = 0; number < items; number++) {
        const wasReceived = ledger.wasReceived(producer, number);
        if (wasReceived) received++;
        if (number >= ledger.next(producer) || number === refused) {
          if (wasReceived) this.#violations.push(`item ${producer}:${number} was never put`);
          continue;
        }
        if (doubtful.has(number * SIDE + producer)) continue;
        returned++;
        if (!wasReceived) missing++;
      }
    }
    return { missing, returned, received };
  }
}

/** Runs one queue to its end. */
export function runQueue(options: RunOptions): Promise<Report> {
  return new Run(options).run();
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
