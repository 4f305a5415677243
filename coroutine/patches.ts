/**
 * Puts replacements in the places of functions of the runtime, and the originals back.
 *
 * A replacement asks at each call whether a greenlet calls it and whether its kind is patched: so it does no harm where
 * somebody has kept it, or has put something of their own over it.
 *
 * @module
 */

import {
  override,
  PATCH_KINDS,
  type PatchedFunction,
  type PatchHost,
  type PatchKind,
  type PatchPoint,
  PROMISIFY,
} from "../_runtime/patch_point.ts";
import { syncNamedImports } from "../_runtime/patch_node.ts";
import { patchPoints } from "../_runtime/patch_points.ts";
import { HiddenWait, waitForOperation } from "./operation.ts";
import { currentScope } from "./scheduler.ts";

/** A function that was replaced. */
interface Patch {
  readonly original: PatchedFunction;
  readonly replacement: PatchedFunction;
  /** How the object itself had it; `undefined` if it had inherited it. */
  readonly before: PropertyDescriptor | undefined;
}

const active: Set<PatchKind> = new Set();
const patches: Map<PatchPoint, Patch> = new Map();
const originals: WeakMap<object, PatchedFunction> = new WeakMap();

/** Whether a kind is patched. */
export function isActive(kind: PatchKind): boolean {
  return active.has(kind);
}

/** Patches some kinds. */
export function installPatches(kinds: readonly PatchKind[]): void {
  for (const kind of kinds) {
    if (active.has(kind)) continue;
    active.add(kind);
    for (const point of patchPoints(kind)) install(point);
  }
  syncNamedImports();
}

/** Puts the originals of some kinds back. */
export function removePatches(kinds: readonly PatchKind[]): void {
  for (const kind of kinds) {
    if (!active.delete(kind)) continue;
    for (const point of patchPoints(kind)) restore(point);
  }
  syncNamedImports();
}

/** Gives what a replacement was put in place of; `null` if the function is none. */
export function originalOf(fn: object): PatchedFunction | null {
  return originals.get(fn) ?? null;
}

/** Gives the original in a place; `null` if there is no such place. */
export function originalAt(module: string, name: string): PatchedFunction | null {
  for (const kind of PATCH_KINDS) {
    for (const point of patchPoints(kind)) {
      if (point.module !== module || point.name !== name) continue;
      const present = Reflect.get(point.holder, point.key) as PatchedFunction;
      return originals.get(present) ?? present;
    }
  }
  return null;
}

function install(point: PatchPoint): void {
  const { holder, key } = point;
  const present = Reflect.get(holder, key) as PatchedFunction;
  const before = Object.getOwnPropertyDescriptor(holder, key);
  const replacement = makeReplacement(point, present);
  const descriptor = {
    value: replacement,
    writable: true,
    configurable: true,
    enumerable: before?.enumerable ?? false,
  };
  if (!Reflect.defineProperty(holder, key, descriptor)) return;
  patches.set(point, { original: present, replacement, before });
  originals.set(replacement, present);
}

function restore(point: PatchPoint): void {
  const { holder, key } = point;
  const patch = patches.get(point);
  if (patch === undefined || Reflect.get(holder, key) !== patch.replacement) return;
  patches.delete(point);
  if (patch.before === undefined) Reflect.deleteProperty(holder, key);
  else Reflect.defineProperty(holder, key, patch.before);
}

function makeReplacement(point: PatchPoint, original: PatchedFunction): PatchedFunction {
  const host = hosts[point.kind];
  const replaced = point.replace(original, host);
  if (point.forAll) return replaced;
  const replacement = forGreenlets(host, original, replaced);
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (key === "prototype" || descriptor === undefined) continue;
    Reflect.defineProperty(replacement, key, { ...descriptor, configurable: true });
  }
  const inPromises = (original as unknown as Record<symbol, unknown>)[PROMISIFY];
  if (point.promised === null || typeof inPromises !== "function") return replacement;
  const promised = inPromises as PatchedFunction;
  const value = forGreenlets(host, promised, point.promised(promised, host));
  override(replacement, PROMISIFY, value);
  return replacement;
}

function forGreenlets(
  host: Host,
  original: PatchedFunction,
  replaced: PatchedFunction,
): PatchedFunction {
  return function (...args) {
    return (host.inGreenlet() ? replaced : original).apply(this, args);
  };
}

/** What the replacements know of greenlets. */
class Host implements PatchHost {
  readonly #kind: PatchKind;

  constructor(kind: PatchKind) {
    this.#kind = kind;
  }

  inGreenlet(): boolean {
    return active.has(this.#kind) && currentScope() !== null;
  }

  wait<T>(
    what: string,
    begin: (signal: AbortSignal, isKilled: () => boolean) => PromiseLike<T>,
  ): Promise<T> {
    const scope = active.has(this.#kind) ? currentScope() : null;
    if (scope === null) return outside(begin);
    return waitForOperation(
      what,
      (signal) => begin(signal, () => scope.strand.killedWith !== null),
    );
  }

  enter(what: string, interrupt: (error: unknown) => void): () => void {
    const wait = new HiddenWait(what, interrupt);
    currentScope()?.enter(wait);
    return () => wait.leaveScope();
  }
}

async function outside<T>(
  begin: (signal: AbortSignal, isKilled: () => boolean) => PromiseLike<T>,
): Promise<T> {
  return await begin(new AbortController().signal, () => false);
}

const hosts: Readonly<Record<PatchKind, Host>> = Object.fromEntries(
  PATCH_KINDS.map((kind) => [kind, new Host(kind)]),
) as Record<PatchKind, Host>;
