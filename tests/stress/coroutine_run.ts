/**
 * One random schedule: greenlets that sleep, wait for each other, pass items and permits on, spawn, kill, and run out of
 * time, and what has to be true of them at the end.
 *
 * The model is what each body has noted of itself: whether it began, and how it left. The rest follows from that.
 *
 * @module
 */

import {
  Channel,
  Greenlet,
  GreenletPool,
  Group,
  hub,
  joinAll,
  killAll,
  sleep,
  Timeout,
} from "../../coroutine/mod.ts";
import { GreenletExit, TimeoutError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { Semaphore } from "../../sync/mod.ts";

/** What is known of one greenlet. */
interface Note {
  greenlet: Greenlet<unknown>;
  begun: boolean;
  /** How its body left. */
  left: "not" | "returned" | "threw";
  value: unknown;
  killedWith: unknown[];
  links: number[];
  /** How often each link has to be called: 0 if it was taken back. */
  expected: (1 | 0 | "value" | "error")[];
  isLookedAt: boolean;
}

/** Runs a schedule, and gives what was wrong. */
export async function runSchedule(seed: number): Promise<string[]> {
  return await new Schedule(seed).run();
}

class Schedule {
  readonly #problems: string[] = [];
  readonly #notes: Note[] = [];
  readonly #reported: Set<Greenlet<unknown>> = new Set();
  readonly #queue: Queue<number>;
  readonly #seats: Semaphore;
  readonly #channel: Channel<number> = new Channel();
  readonly #group: Group = new Group();
  readonly #pool: GreenletPool;
  readonly #seatCount: number;
  #put = 0;
  #got = 0;
  #sent = 0;
  #received = 0;
  #inPool = 0;
  #joins = 0;
  #joined = 0;
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    const scope = this.#chance(0.7) ? "local" : "thread";
    this.#queue = new Queue(this.#below(3), { scope });
    this.#seatCount = 1 + this.#below(2);
    this.#seats = new Semaphore(this.#seatCount, { scope });
    this.#pool = new GreenletPool(1 + this.#below(3));
  }

  async run(): Promise<string[]> {
    const previous = hub.setExcepthook(({ greenlet }) => {
      if (this.#reported.has(greenlet)) this.#problem(`${greenlet} was reported twice`);
      this.#reported.add(greenlet);
    });
    const before = hub.statistics();
    try {
      const count = 2 + this.#below(8);
      for (let i = 0; i < count; i++) {
        this.#spawn(0);
        if (this.#chance(0.3)) await sleep(0);
        if (this.#chance(0.3)) this.#meddle();
      }
      await sleep(this.#below(6));
      for (let i = 0; i < 3; i++) this.#meddle();
      await this.#end();
      this.#check(before);
    } finally {
      hub.setExcepthook(previous);
    }
    return this.#problems;
  }

  async #end(): Promise<void> {
    for (let round = 0; this.#notes.some(({ greenlet }) => !greenlet.dead); round++) {
      if (round > 50) {
        const left = this.#notes.filter(({ greenlet }) => !greenlet.dead);
        this.#problem(`hangs: ${left.map(({ greenlet }) => greenlet)}`);
        return;
      }
      for (const note of this.#notes) {
        if (note.greenlet.dead) continue;
        const error = new GreenletExit("the end");
        note.killedWith.push(error);
        note.greenlet.kill(error, { grace: Infinity }).catch(() => {});
      }
      await sleep(1);
    }
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  }

  #check(before: { sleeping: number; greenlets: number }): void {
    for (const note of this.#notes) this.#checkNote(note);
    const { greenlets, sleeping, ready } = hub.statistics();
    this.#equal("greenlets", greenlets, before.greenlets);
    this.#equal("alarms", sleeping, before.sleeping);
    this.#equal("ready", ready, 0);
    this.#equal("items", this.#put, this.#got + this.#queue.qsize());
    this.#equal("messages", this.#sent, this.#received);
    this.#equal("channel", this.#channel.balance, 0);
    this.#equal("permits", this.#seats.value, this.#seatCount);
    this.#equal("group", this.#group.length, 0);
    this.#equal("pool", this.#pool.length, 0);
    this.#equal("joins", this.#joined, this.#joins);
  }

  #checkNote(
    { greenlet, begun, left, value, killedWith, links, expected, isLookedAt }: Note,
  ): void {
    const say = (what: string): void => this.#problem(`${greenlet}: ${what}`);
    if (!greenlet.dead) return say("is not dead");
    const error = greenlet.successful() ? undefined : greenlet.exception;
    const isReported = this.#reported.has(greenlet);
    if (error === undefined || killedWith.includes(error)) {
      if (isReported) say("was reported");
    } else if (!isReported && !isLookedAt) say("was not reported");
    if (!begun) {
      if (killedWith.length === 0) say("never began, and nobody killed it");
      else if (!killedWith.includes(error ?? greenlet.value)) say("ended with another error");
    } else if (left === "not") say("ended, and its body did not");
    else if (left === "returned") {
      if (error !== undefined || greenlet.value !== value) say("has another value");
    } else if (value instanceof GreenletExit) {
      if (greenlet.value !== value) say("has another exit");
    } else if (error !== value) say(`has another error: ${error} instead of ${value}`);
    for (const [i, times] of expected.entries()) {
      const wanted = typeof times === "number"
        ? times
        : (times === "value") === greenlet.successful()
        ? 1
        : 0;
      if (links[i] !== wanted) say(`link ${i} was called ${links[i]} times instead of ${wanted}`);
    }
  }

  // -- what happens --

  #spawn(depth: number): Note {
    const note: Note = {
      greenlet: null as unknown as Greenlet<unknown>,
      begun: false,
      left: "not",
      value: undefined,
      killedWith: [],
      links: [],
      expected: [],
      isLookedAt: false,
    };
    const isGenerator = this.#chance(0.5);
    const steps = this.#below(6);
    const body = isGenerator
      ? (): Generator<unknown, unknown, Disposable> => this.#steps(note, depth, steps)
      : (): Promise<unknown> => this.#asyncSteps(note, depth, steps);
    note.greenlet = new Greenlet<unknown>(body as () => Promise<unknown>);
    this.#notes.push(note);
    const way = this.#below(5);
    if (way === 0) note.greenlet.startLater(this.#below(4));
    else if (way === 1) this.#group.start(note.greenlet);
    else if (way === 2) this.#pool.start(note.greenlet);
    else note.greenlet.start();
    if (this.#chance(0.4)) this.#link(note);
    return note;
  }

  async #asyncSteps(note: Note, depth: number, count: number): Promise<unknown> {
    const generator = this.#steps(note, depth, count);
    let step = generator.next();
    while (step.done !== true) {
      let value: unknown;
      try {
        value = await step.value;
      } catch (error) {
        step = generator.throw(error);
        continue;
      }
      step = generator.next(value as Disposable);
    }
    return step.value;
  }

  *#steps(note: Note, depth: number, count: number): Generator<unknown, unknown, Disposable> {
    note.begun = true;
    const inPool = this.#pool.has(note.greenlet);
    if (inPool && ++this.#inPool > this.#pool.size) this.#problem("the pool is too full");
    try {
      for (let i = 0; i < count; i++) yield* this.#step(note, depth);
      if (this.#chance(0.2)) throw new Error(`failure of ${note.greenlet.name}`);
      note.left = "returned";
      note.value = count;
      return count;
    } catch (error) {
      let last = error;
      try {
        if (this.#chance(0.2)) yield sleep(0);
      } catch (other) {
        last = other;
      }
      note.left = "threw";
      note.value = last;
      throw last;
    } finally {
      if (inPool) this.#inPool--;
    }
  }

  *#step(note: Note, depth: number): Generator<unknown, void, Disposable> {
    switch (this.#below(12)) {
      case 0:
      case 1:
        yield sleep(0);
        break;
      case 2:
        yield sleep(1 + this.#below(3));
        break;
      case 3:
        yield this.#queue.put(1).then(() => this.#put++);
        break;
      case 4:
        yield this.#queue.get().then(() => this.#got++);
        break;
      case 5: {
        const guard = yield this.#seats.acquire();
        try {
          yield sleep(this.#below(2));
        } finally {
          guard[Symbol.dispose]();
        }
        break;
      }
      case 6:
        if (this.#chance(0.5)) yield this.#channel.put(1).then(() => this.#sent++);
        else yield this.#channel.get().then(() => this.#received++);
        break;
      case 7:
        if (depth < 2) this.#spawn(depth + 1);
        break;
      case 8: {
        const other = this.#any();
        if (other === note) break;
        other.isLookedAt = true;
        try {
          yield other.greenlet.join({ timeout: this.#below(5) });
        } catch (error) {
          if (!(error instanceof TimeoutError) || error instanceof Timeout) throw error;
        }
        break;
      }
      case 9:
        try {
          yield Timeout.run(this.#below(4), () => sleep(this.#below(8)), {
            silent: this.#chance(0.5),
          });
        } catch (error) {
          if (!(error instanceof Timeout)) throw error;
        }
        break;
      case 10:
        this.#meddle(note);
        break;
      default: {
        const timeout = Timeout.startNew(1 + this.#below(3));
        try {
          yield sleep(this.#below(6));
        } catch (error) {
          if (error !== timeout) throw error;
        } finally {
          timeout.cancel();
        }
      }
    }
  }

  /** Does something to any greenlet. */
  #meddle(by?: Note): void {
    const note = this.#any();
    switch (this.#below(5)) {
      case 0:
      case 1: {
        if (note === by || note.greenlet.dead) break;
        const error = this.#chance(0.5) ? new GreenletExit("killed") : new Error("killed");
        note.killedWith.push(error);
        note.greenlet.kill(error, { grace: Infinity }).catch(() => {});
        break;
      }
      case 2:
        this.#link(note);
        break;
      case 3: {
        if (note === by) break;
        note.isLookedAt = true;
        this.#joins++;
        note.greenlet.join().then(() => {
          if (!note.greenlet.dead) this.#problem(`${note.greenlet} was joined alive`);
          this.#joined++;
          // The greenlet that meddles may be killed; then nobody joins any more.
        }, () => this.#joins--);
        break;
      }
      default:
        void joinAll([], { timeout: 0 });
        void killAll([]);
    }
  }

  #link(note: Note): void {
    const { greenlet, links, expected } = note;
    const i = links.push(0) - 1;
    const target = (): void => {
      links[i] = (links[i] ?? 0) + 1;
    };
    const kind = this.#below(4);
    if (kind === 0) {
      greenlet.linkValue(target);
      expected[i] = "value";
    } else if (kind === 1) {
      greenlet.linkException(target);
      expected[i] = "error";
      note.isLookedAt = true;
    } else {
      greenlet.link(target);
      expected[i] = 1;
      note.isLookedAt = true;
      if (kind === 3) {
        greenlet.unlink(target);
        expected[i] = 0;
      }
    }
  }

  #any(): Note {
    return this.#notes[this.#below(this.#notes.length)] as Note;
  }

  #equal(what: string, actual: unknown, expected: unknown): void {
    if (actual !== expected) this.#problem(`${what}: ${actual} instead of ${expected}`);
  }

  #problem(text: string): void {
    this.#problems.push(text);
  }

  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.#state / 2 ** 32 * limit);
  }

  #chance(part: number): boolean {
    return this.#below(1000) < part * 1000;
  }
}
