/**
 * Crash injection: the victim dies before every single memory access of an operation; then the others recover, what must
 * be true is checked, and everybody who still waits is served.
 *
 * @module
 */

import type { Kind } from "../../_core/kind.ts";
import { KINDS } from "../../_core/kinds.ts";
import { Kill } from "./sim_words.ts";
import { World } from "./world.ts";

/** The agent that is killed. */
export const VICTIM = 2;
/** The agent that recovers. */
const SURVIVOR = 1;
const MOST_POINTS = 20_000;

/** What happens in a scenario. */
export interface Act {
  /** The object that it is about. */
  o: number;
  /** What the victim does. */
  op(): void;
  /** Who has died before it. */
  alreadyDead?: readonly number[];
  /** What the living do before anybody recovers. */
  meanwhile?(): void;
  /** Checks the outcome after the recovery, before the rest is served; `killed`: the victim died. */
  then?(killed: boolean): void;
  /** Sees what the victim has left, before anybody recovers. */
  died?(): void;
  /** Serves the rest, in place of the world. */
  serve?(killed: boolean): void;
}

/** An operation, and what must hold wherever it ends. */
export interface Scenario {
  name: string;
  act(world: World): Act;
}

/** What was found. */
export interface Findings {
  /** Runs, one a point at which the victim was killed. */
  points: number;
  failures: string[];
}

/** Runs a scenario with a death at every point, and recovers in both orders. */
export function explore(
  { act }: Scenario,
  kinds: ReadonlyMap<number, Kind> = KINDS,
): Findings {
  const failures: string[] = [];
  let points = 0;
  for (const victimFirst of [false, true]) {
    for (let k = 0; k < MOST_POINTS; k++) {
      points++;
      let killed = false;
      try {
        const world = new World({ kinds });
        const ctx = act(world);
        killed = run(world, ctx, k);
        recover(world, ctx, killed, victimFirst);
      } catch (error) {
        failures.push(`${victimFirst ? "victim first, " : ""}point ${k}: ${error}`);
        if (failures.length > 30) return { points, failures };
      }
      if (!killed) break;
    }
  }
  return { points, failures };
}

function run(world: World, ctx: Act, k: number): boolean {
  world.words.arm(k);
  try {
    ctx.op();
    return false;
  } catch (error) {
    if (!(error instanceof Kill)) throw error;
    return true;
  } finally {
    world.words.disarm();
  }
}

function recover(world: World, ctx: Act, killed: boolean, victimFirst: boolean): void {
  const { o, alreadyDead = [] } = ctx;
  if (killed) {
    ctx.died?.();
    world.die(VICTIM);
  }
  const abandoned = world.isAbandoned(o) || world.isDead(world.holder(o));
  ctx.meanwhile?.();
  const dead = killed ? [...alreadyDead, VICTIM] : [...alreadyDead];
  if (victimFirst) dead.reverse();
  for (const id of dead) world.agent(SURVIVOR).reap(id);
  world.check(o);
  if (world.isAbandoned(o) !== abandoned) {
    throw new Error(abandoned ? "nobody is told of the death" : "told of a death that was none");
  }
  ctx.then?.(killed);
  if (ctx.serve === undefined) world.serve(o);
  else ctx.serve(killed);
}

/** Throws unless `value` is one of `allowed`. */
export function oneOf<T>(value: T, ...allowed: T[]): void {
  if (!allowed.includes(value)) throw new Error(`${value} is none of ${allowed.join(", ")}`);
}
