/**
 * Random runs: agents do random things at one object, one latch section after the other, and now and then one dies inside
 * of one. After every step everything must be as it must be.
 *
 * @module
 */

import {
  arrive,
  breakBarrier,
  initializeBarrier,
  releaseRound,
  resetBarrier,
} from "../../_core/barrier_kind.ts";
import { notify } from "../../_core/condition_kind.ts";
import { clearEvent, setEvent } from "../../_core/event_kind.ts";
import { type Kind, NOTHING } from "../../_core/kind.ts";
import { tryLock, unlock } from "../../_core/lock_kind.ts";
import * as layout from "../../_core/layout.ts";
import { releaseRead, releaseWrite, tryRead, tryWrite } from "../../_core/rwlock_kind.ts";
import {
  disownPermits,
  initializeSemaphore,
  releasePermits,
  tryPermit,
} from "../../_core/semaphore_kind.ts";
import { Kill } from "./sim_words.ts";
import { type Wait, World } from "./world.ts";

/** Agents that act; 1 recovers. */
const ACTORS = [2, 3, 4] as const;
const PERMITS = 3;
const PARTIES = 3;

/** Names of the types that runs are about. */
export const TYPES: Readonly<Record<string, number>> = {
  lock: layout.TYPE_LOCK,
  condition: layout.TYPE_CONDITION,
  event: layout.TYPE_EVENT,
  semaphore: layout.TYPE_SEMAPHORE,
  barrier: layout.TYPE_BARRIER,
  rwlock: layout.TYPE_RWLOCK,
};

/** What a run is made of. */
export interface RunOptions {
  type: number;
  seed: number;
  steps: number;
  /** Whether agents die. */
  deaths: boolean;
  kinds?: ReadonlyMap<number, Kind>;
}

/** Gives numbers from 0 to below `n`, the same ones for the same seed. */
function random(seed: number): (n: number) => number {
  let state = seed * 2654435761 | 0;
  return (n) => {
    state = state + 0x6d2b79f5 | 0;
    let x = Math.imul(state ^ state >>> 15, 1 | state);
    x = x + Math.imul(x ^ x >>> 7, 61 | x) ^ x;
    return ((x ^ x >>> 14) >>> 0) % n;
  };
}

/** One random run. */
export class RandomRun {
  readonly #world: World;
  readonly #o: number;
  readonly #type: number;
  readonly #pick: (n: number) => number;
  #waits: Wait[] = [];
  /** Slots of the last parties of barriers. */
  #acting: { agent: number; s: number }[] = [];
  #log: string[] = [];
  /** Steps in which somebody died. */
  deaths = 0;

  constructor({ type, seed, kinds }: RunOptions) {
    this.#world = new World(kinds === undefined ? {} : { kinds });
    this.#type = type;
    this.#pick = random(seed);
    const o = this.#o = this.#world.arena.allocateObject(type);
    const { q } = this.#world.agent(1);
    if (type === layout.TYPE_SEMAPHORE) initializeSemaphore(q, o, PERMITS);
    if (type === layout.TYPE_BARRIER) initializeBarrier(q, o, PARTIES);
  }

  /** Does `steps` random things, then lets everybody finish. */
  run({ steps, deaths }: RunOptions): void {
    try {
      for (let i = 0; i < steps; i++) {
        this.#step(deaths && this.#pick(8) === 0);
        this.#world.check(this.#o);
      }
      this.#world.serve(this.#o);
    } catch (error) {
      throw new Error(`${(error as Error).message}; after ${this.#log.slice(-12).join(", ")}`, {
        cause: error,
      });
    }
  }

  #step(dies: boolean): void {
    const id = ACTORS[this.#pick(ACTORS.length)] as number;
    const own = this.#waits.filter((wait) => wait.agent === id);
    const { words } = this.#world;
    if (dies) words.arm(this.#pick(25));
    try {
      const isBlocked = own.some(({ s }) => (words.peek(s + layout.S_KIND) & 1) === 0);
      if (own.length > 0 && (isBlocked || this.#pick(2) === 0)) this.#continue(own);
      else this.#begin(id);
    } catch (error) {
      if (!(error instanceof Kill)) throw error;
      this.#die(id);
    } finally {
      words.disarm();
    }
  }

  #die(id: number): void {
    const world = this.#world;
    this.deaths++;
    this.#log.push(`${id} dies`);
    world.words.disarm();
    world.die(id);
    // Others may act before anybody recovers, and find the latch held by the dead.
    if (this.#pick(2) === 0) this.#begin(ACTORS.find((other) => other !== id) as number);
    world.agent(this.#pick(2) === 0 ? 1 : ACTORS.find((other) => other !== id) as number).reap(id);
    this.#waits = this.#waits.filter((wait) => wait.agent !== id);
    this.#acting = this.#acting.filter((acting) => acting.agent !== id);
    world.start(id);
  }

  #continue(own: readonly Wait[]): void {
    const blocking = own.find(({ s }) => (this.#world.words.peek(s + layout.S_KIND) & 1) === 0);
    const wait = blocking ?? own[this.#pick(own.length)] as Wait;
    const gaveUp = this.#pick(5) === 0;
    const late = this.#pick(8) === 0;
    this.#log.push(`${wait.agent} ${gaveUp ? "cancels" : late ? "looks late" : "looks"}`);
    const outcome = gaveUp
      ? this.#world.cancel(wait, this.#o)
      : this.#world.look(wait, this.#o, { late, passedOver: this.#pick(3) === 0 });
    if (gaveUp || outcome !== NOTHING) {
      this.#waits = this.#waits.filter((other) => other !== wait);
      this.#acting = this.#acting.filter(({ s }) => s !== wait.s);
    }
  }

  #queue(id: number, list = 0): void {
    const blocking = this.#pick(3) === 0;
    this.#log.push(`${id} ${blocking ? "blocks" : "queues"} at ${list}`);
    const wait = this.#world.queue(id, this.#o, { list, blocking });
    if (wait.outcome === NOTHING) this.#waits.push(wait);
  }

  #begin(id: number): void {
    const o = this.#o;
    const { q } = this.#world.agent(id);
    const action = this.#pick(6);
    this.#log.push(`${id} does ${action}`);
    switch (this.#type) {
      case layout.TYPE_LOCK:
        if (this.#world.holder(o) === id) unlock(q, o);
        else if (action < 2) tryLock(q, o);
        else this.#queue(id);
        break;
      case layout.TYPE_CONDITION:
        if (action < 2) notify(q, o, 1 + this.#pick(3));
        else this.#queue(id);
        break;
      case layout.TYPE_EVENT:
        if (action === 0) setEvent(q, o);
        else if (action === 1) clearEvent(q, o);
        else this.#queue(id);
        break;
      case layout.TYPE_SEMAPHORE:
        this.#semaphore(id, action);
        break;
      case layout.TYPE_RWLOCK:
        if (this.#world.holder(o) === id) releaseWrite(q, o);
        else if (this.#world.holds(o, id) > 0 && action < 3) releaseRead(q, o);
        else if (action === 3) tryRead(q, o);
        else if (action === 4) tryWrite(q, o);
        else this.#queue(id, this.#pick(2));
        break;
      case layout.TYPE_BARRIER:
        this.#barrier(id, action);
        break;
    }
  }

  #semaphore(id: number, action: number): void {
    const o = this.#o;
    const { q } = this.#world.agent(id);
    const held = this.#world.holds(o, id);
    if (held > 0 && action < 3) releasePermits(q, o, 1 + this.#pick(held), Infinity);
    else if (action === 3) tryPermit(q, o);
    else if (action === 4 && this.#pick(4) === 0) {
      if (this.#pick(2) === 0) releasePermits(q, o, 1, Infinity);
      else if (held > 0) disownPermits(q, o, q.holders.get(o) as number);
    } else this.#queue(id);
  }

  #barrier(id: number, action: number): void {
    const o = this.#o;
    const { q } = this.#world.agent(id);
    const acting = this.#acting.find((found) => found.agent === id);
    if (acting !== undefined) {
      this.#acting = this.#acting.filter((found) => found !== acting);
      releaseRound(q, o, acting.s);
    } else if (action === 0 && this.#pick(3) === 0) breakBarrier(q, o);
    else if (action <= 1) resetBarrier(q, o);
    else {
      const arrival = arrive(q, o, true);
      if (arrival === null) return;
      const wait: Wait = { agent: id, s: arrival.slot, outcome: NOTHING };
      this.#waits.push(wait);
      if (arrival.acting) this.#acting.push({ agent: id, s: arrival.slot });
    }
  }
}
