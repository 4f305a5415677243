/**
 * Makes what the runtime brings aware of greenlets, as `gevent.monkey` does.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import { PATCH_KINDS, type PatchKind } from "../_runtime/patch_point.ts";
import { installPatches, isActive, originalAt, originalOf, removePatches } from "./patches.ts";

/** What can be patched: the keys of {@linkcode PatchOptions}. */
export type PatchName = keyof PatchOptions;

/** What to patch, or to leave as it is. */
export interface PatchOptions {
  /** `once` and `on` of `node:events`, `finished` of `node:stream/promises`. */
  events?: boolean;
  /** `fetch`, and reading the bodies of what it gives. An interrupted request is aborted. */
  fetch?: boolean;
  /** `Deno.readFile`, `Deno.readTextFile` and the like, and `node:fs/promises`. */
  files?: boolean;
  /**
   * `Deno.connect`, `Deno.listen` and what they give: `read`, `write`, `readable`, `accept`; `connect` and iteration of
   * `net.Socket` of Node. A connection that a killed greenlet was reading from, or was writing to, is closed.
   */
  net?: boolean;
  /**
   * `Deno.stdin.read`, `question` and iteration of `node:readline`. In a greenlet, `prompt`, `confirm` and `alert` return
   * promises.
   */
  stdin?: boolean;
  /**
   * `Deno.Command.output`, and what `util.promisify` makes of `exec` and `execFile` of `node:child_process`. The child of
   * a wait that is interrupted is killed.
   */
  subprocess?: boolean;
  /**
   * `node:timers/promises`, and `setTimeout` where the function that it gets is the one that settles a promise, as in
   * `new Promise((resolve) => setTimeout(resolve, 100))`. Timers of waits that are interrupted are cleared.
   */
  timers?: boolean;
}

/**
 * Patches everything, except what is set to `false`: Python's `gevent.monkey.patch_all`.
 *
 * In a greenlet, what is patched is a wait in the hub, as `sleep` is: `kill` and `Timeout` end it, and end what is behind it;
 * it is in the figures of `hub.statistics()` and in the list of a `LoopExit`. Outside of greenlets everything is as before.
 *
 * It does not matter when this is called, or how often: a second call can only add. Nothing is patched by importing this
 * module. Each thread is patched for itself.
 *
 * @example Usage
 * ```ts
 * import { monkey, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * monkey.patchAll();
 * const sleeper = spawn(async () => {
 *   await new Promise((resolve) => setTimeout(resolve, 60_000));
 * });
 * await sleeper.kill(); // the timer is cleared
 * monkey.unpatch();
 * assertEquals(monkey.isPatched(), false);
 * ```
 *
 * Not patched, since it blocks the thread, whatever happens: synchronous calls such as `Deno.readTextFileSync`,
 * `execFileSync`, `Atomics.wait` and our own `…Sync` methods. Use the asynchronous ones, or `toThread`.
 *
 * Not patched, since nobody can reach it: functions that somebody has taken before, as in `const { readFile } = Deno`. On
 * Deno, that is also `import { readFile } from "node:fs/promises"`: write `import fs from "node:fs/promises"`, and
 * `fs.readFile(…)`. On Node, such imports see what is patched, and what is put back.
 *
 * Other promises and callbacks of libraries are waited for, but not ended: pass `getCurrent().signal` to what takes a signal.
 *
 * @param options What to leave as it is. Default: nothing.
 * @throws {TypeError} If `options` is no object of booleans.
 */
export function patchAll(options: PatchOptions = {}): void {
  checkOptions(options, "patch");
  installPatches(PATCH_KINDS.filter((kind) => options[kind] !== false));
}

/**
 * Patches what is set to `true`, and nothing else. See {@linkcode patchAll}.
 *
 * @example Usage
 * ```ts
 * import { monkey } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * monkey.patch({ fetch: true, timers: true });
 * assertEquals([monkey.isPatched("fetch"), monkey.isPatched("files")], [true, false]);
 * monkey.unpatch();
 * ```
 *
 * @param options What to patch.
 * @throws {TypeError} If `options` is no object of booleans.
 */
export function patch(options: PatchOptions): void {
  checkOptions(options, "patch");
  installPatches(PATCH_KINDS.filter((kind) => options[kind] === true));
}

/**
 * Puts the originals back: everything, or what is set to `true`.
 *
 * Waits that are under way stay what they are. A function that somebody else has replaced in the meantime is left to them;
 * ours behind it does what the original does.
 *
 * @param options What to put back. Default: everything.
 * @throws {TypeError} If `options` is no object of booleans.
 */
export function unpatch(options?: PatchOptions): void {
  if (options !== undefined) checkOptions(options, "unpatch");
  removePatches(PATCH_KINDS.filter((kind) => options === undefined || options[kind] === true));
}

/**
 * Tells whether something is patched.
 *
 * @param name What; without it, anything.
 */
export function isPatched(name?: PatchName): boolean {
  return name === undefined ? PATCH_KINDS.some(isActive) : isActive(name);
}

/**
 * Gives what a function was before it was patched, or the function itself if it is no patched one.
 *
 * @example Usage
 * ```ts
 * import { monkey } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const before = fetch;
 * monkey.patch({ fetch: true });
 * assertEquals(monkey.getOriginal(fetch), before);
 * assertEquals<unknown>(monkey.getOriginal("globalThis", "fetch"), before);
 * monkey.unpatch();
 * ```
 *
 * @typeParam F The type of the function.
 * @param fn The function, as it is now.
 * @returns The function, as it was.
 */
// deno-lint-ignore no-explicit-any -- any function or class
export function getOriginal<F extends (...args: any[]) => unknown>(fn: F): F;
/**
 * Gives a function as it was before it was patched, by its name.
 *
 * @param module Where it is found: `globalThis`, `Deno`, or the name of a module, as `node:fs/promises`.
 * @param name Its name there, as `fetch`, `readFile` or `Command.prototype.output`.
 * @returns The function, as it was.
 * @throws {NotFoundError} If that is nothing that can be patched.
 */
export function getOriginal(module: string, name: string): (...args: unknown[]) => unknown;
export function getOriginal(
  first: string | ((...args: unknown[]) => unknown),
  name: string = "",
): (...args: unknown[]) => unknown {
  if (typeof first === "function") return originalOf(first) ?? first;
  const original = originalAt(first, name);
  if (original !== null) return original;
  throw new NotFoundError(
    `Cannot get original: '${name}' of '${first}' is nothing that is patched`,
  );
}

function checkOptions(options: unknown, verb: string): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot ${verb}: options must be an object, as { fetch: true }: received ${typeof options}`,
    );
  }
  for (const kind of PATCH_KINDS) {
    const value = (options as Partial<Record<PatchKind, unknown>>)[kind];
    if (value === undefined || typeof value === "boolean") continue;
    throw new TypeError(`Cannot ${verb}: '${kind}' must be a boolean: received ${typeof value}`);
  }
}
