/**
 * Functions that are told of every greenlet that is started.
 *
 * @module
 */

import { printIgnored } from "../_core/ignored_error.ts";
import type { Greenlet } from "./greenlet.ts";

/** A function that is told of a greenlet that is started. */
export type SpawnCallback = (greenlet: Greenlet<unknown>) => unknown;

const callbacks: Set<SpawnCallback> = new Set();

/** Adds a function, once. */
export function addCallback(callback: SpawnCallback): void {
  if (typeof callback !== "function") {
    throw new TypeError(
      `Cannot add spawn callback: 'callback' must be a function: received ${typeof callback}`,
    );
  }
  callbacks.add(callback);
}

/** Takes a function out. */
export function removeCallback(callback: SpawnCallback): void {
  callbacks.delete(callback);
}

/** Tells all functions of a greenlet. */
export function tellSpawned(greenlet: Greenlet<unknown>): void {
  if (callbacks.size === 0) return;
  for (const callback of [...callbacks]) {
    try {
      callback(greenlet);
    } catch (error) {
      printIgnored("a spawn callback", error);
    }
  }
}
