/**
 * What becomes of greenlets that nobody has any more and that have not ended.
 *
 * A generator that is dropped never runs its `finally` blocks. A greenlet's does: a registry of the runtime tells when the
 * greenlet was collected, and `GreenletExit` is thrown into its generator. For that the registry has to hold the
 * generator, and a generator that refers to its own greenlet, by `this` or by a variable, is a reason not to collect it.
 * So that such ones do not fill the memory,
 *
 * - what a subclass has as `run` is not watched, since a method holds `this`;
 * - no more than {@linkcode LIMIT} are watched, and the newest take the places of the oldest.
 *
 * Most greenlets end soon. A registration costs more than they do, so it waits until the running code is done, or until
 * {@linkcode BATCH} have come together.
 *
 * @module
 */

import { GreenletExit } from "../errors.ts";
import type { GreenletCore, Steps } from "./trampoline.ts";

/** How many greenlets are watched at once. */
const LIMIT = 100;
/** How many begin before those among them that have not ended are registered. */
const BATCH = 256;

/** What is left of a greenlet. */
export interface Leftover {
  steps: Steps;
  parent: WeakRef<GreenletCore>;
}

/** Makes another greenlet go on with the generator, and throws `error` into it. */
export type Revival = (steps: Steps, error: Error, parent: GreenletCore | null) => void;

let revive: Revival | null = null;

let begun: GreenletCore[] = [];
const oldestFirst: Set<Leftover> = new Set();

const registry: FinalizationRegistry<Leftover> = new FinalizationRegistry((leftover) => {
  oldestFirst.delete(leftover);
  try {
    revive?.(leftover.steps, new GreenletExit(), leftover.parent.deref() ?? null);
  } catch (error) {
    console.error("Exception ignored in a greenlet that was collected:", error);
  }
});

/** Sets what is done with a leftover. */
export function onLeftover(revival: Revival): void {
  revive = revival;
}

/** Takes care of a greenlet that has begun. */
export function watch(core: GreenletCore): void {
  if (begun.push(core) === 1) queueMicrotask(registerBegun);
  else if (begun.length === BATCH) registerBegun();
}

/** Forgets a greenlet that has ended. */
export function unwatch(core: GreenletCore): void {
  const { leftover } = core;
  if (leftover === null) return;
  core.leftover = null;
  forget(leftover);
}

function registerBegun(): void {
  const unfinished = begun.filter(({ steps }) => steps !== null);
  begun = [];
  for (const core of unfinished.slice(-LIMIT)) {
    if (oldestFirst.size === LIMIT) {
      const [oldest] = oldestFirst;
      if (oldest !== undefined) forget(oldest);
    }
    const leftover = {
      steps: core.steps as Steps,
      parent: new WeakRef(core.parent as GreenletCore),
    };
    core.leftover = leftover;
    oldestFirst.add(leftover);
    registry.register(core.facade as object, leftover, leftover);
  }
}

function forget(leftover: Leftover): void {
  oldestFirst.delete(leftover);
  registry.unregister(leftover);
}
