/**
 * Four agents do random things at one queue, and some of them die.
 *
 * @module
 */

import { assertGreater } from "@std/assert";
import * as layout from "../../_core/layout.ts";
import { GETTERS } from "../../_core/queue_layout.ts";
import { type Order, type QueueWait, QueueWorld, type Size } from "./queue_world.ts";
import { Kill } from "./sim_words.ts";
import { World } from "./world.ts";

const SEEDS = 60;
const STEPS = 120;
const ACTORS = [2, 3, 4] as const;
const SIZES: readonly Size[] = ["small", "small", "half", "large"];

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

class Run {
  readonly #world: World = new World();
  readonly #x: QueueWorld;
  readonly #pick: (n: number) => number;
  #waits: QueueWait[] = [];
  #next = 1;
  #log: string[] = [];
  deaths = 0;

  constructor(order: Order, seed: number) {
    this.#pick = random(seed);
    this.#x = new QueueWorld(this.#world, { order, maxsize: this.#pick(3) * 2 });
  }

  run(deaths: boolean): void {
    try {
      for (let i = 0; i < STEPS; i++) {
        this.#step(deaths && this.#pick(8) === 0);
        this.#x.check();
      }
      this.#x.finish();
    } catch (error) {
      throw new Error(`${(error as Error).message}; after ${this.#log.slice(-12).join(", ")}`, {
        cause: error,
      });
    }
  }

  #step(dies: boolean): void {
    const id = ACTORS[this.#pick(ACTORS.length)] as number;
    const { words } = this.#world;
    const own = this.#waits.filter((wait) => wait.agent === id);
    if (dies) words.arm(this.#pick(40));
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
    this.#x.died(id);
    world.die(id);
    const other = ACTORS.find((other) => other !== id) as number;
    // Others may act before anybody recovers, and find the latch held by the dead.
    const isFree = !this.#waits.some(({ agent }) => agent === other);
    if (isFree && this.#pick(2) === 0) this.#begin(other);
    world.agent(this.#pick(2) === 0 ? 1 : other).reap(id);
    this.#waits = this.#waits.filter((wait) => wait.agent !== id);
    world.start(id);
    this.#x.enter(id);
  }

  #continue(own: readonly QueueWait[]): void {
    const { words } = this.#world;
    const blocking = own.find(({ s }) => (words.peek(s + layout.S_KIND) & 1) === 0);
    const wait = blocking ?? own[this.#pick(own.length)] as QueueWait;
    const gaveUp = this.#pick(5) === 0;
    this.#log.push(`${wait.agent} ${gaveUp ? "gives up" : "looks"}`);
    const outcome = gaveUp
      ? (this.#x.cancel(wait), 1)
      : this.#x.look(wait, { late: this.#pick(8) === 0, passedOver: this.#pick(4) === 0 });
    if (outcome !== 0) this.#waits = this.#waits.filter((other) => other !== wait);
  }

  #begin(id: number): void {
    const x = this.#x;
    const action = this.#pick(26);
    this.#log.push(`${id} does ${action}`);
    const size = SIZES[this.#pick(SIZES.length)] as Size;
    if (action < 6) x.tryPut(id, this.#next++, size);
    else if (action < 11) x.tryGet(id);
    else if (action < 14) this.#wait(x.waitGet(id, this.#pick(3) === 0));
    else if (action < 16) this.#wait(x.waitPut(id, this.#next++, size, this.#pick(3) === 0));
    else if (action === 16) x.reject(id);
    else if (action === 17) x.leave(id);
    else if (action === 18) x.resize(id, this.#pick(5));
    else if (this.#pick(30) === 0) x.shut(id, this.#pick(2) === 0);
    else if (action < 23) x.done(id);
    else if (action < 25) this.#wait(x.waitJoin(id));
    else x.end(id, this.#pick(2) === 0);
  }

  #wait(wait: QueueWait): void {
    if (wait.outcome === 0) this.#waits.push(wait);
    else if (wait.list === GETTERS) this.#log.push("at once");
  }
}

for (const order of ["fifo", "lifo", "priority", "compared"] as const) {
  for (const deaths of [false, true]) {
    Deno.test(`${order} queue survives random runs${deaths ? " with deaths" : ""}`, () => {
      let died = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const run = new Run(order, seed);
        try {
          run.run(deaths);
        } catch (error) {
          throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
        died += run.deaths;
      }
      if (deaths) assertGreater(died, SEEDS);
    });
  }
}
