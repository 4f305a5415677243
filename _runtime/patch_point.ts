/**
 * Operations of the runtime that can be made aware of greenlets.
 *
 * A {@linkcode PatchPoint} is a function in its place: `fetch` in `globalThis`, `readFile` in `Deno`. It says what the
 * function does instead when a greenlet calls it; calls from elsewhere go to the original. What greenlets are, is behind
 * {@linkcode PatchHost}.
 *
 * An operation ends early in one of three ways:
 *
 * | the operation | when the wait for it is interrupted |
 * | --- | --- |
 * | takes a signal, or can be closed | it is aborted |
 * | has a result that would be lost: the next connection, line or piece of data | it stays under way, and who asks next gets its result: {@linkcode Leftovers} |
 * | is short: what happens to files | it goes on, and nobody looks |
 *
 * @module
 */

/** What is patched together. */
export type PatchKind = "events" | "fetch" | "files" | "net" | "stdin" | "subprocess" | "timers";

/** All kinds, in the order in which they are patched. */
export const PATCH_KINDS: readonly PatchKind[] = [
  "timers",
  "events",
  "net",
  "fetch",
  "files",
  "stdin",
  "subprocess",
];

/** A function that is replaced. */
export type PatchedFunction = (this: unknown, ...args: unknown[]) => unknown;

/** What the replacements of one kind know of greenlets. */
export interface PatchHost {
  /** Whether the running code belongs to a greenlet, and the kind is patched. */
  inGreenlet(): boolean;
  /**
   * Waits, in the name of the greenlet, for what `begin` starts. Outside of greenlets nothing interrupts that.
   *
   * When the wait is interrupted, the promise rejects at once, and the signal is aborted with the same error. `isKilled`
   * tells then whether the greenlet was killed, and will not ask again.
   *
   * @param what What is waited for, for who looks at the greenlet.
   * @param begin Called at once, in the context of no greenlet: what it starts is not the greenlet's.
   */
  wait<T>(
    what: string,
    begin: (signal: AbortSignal, isKilled: () => boolean) => PromiseLike<T>,
  ): Promise<T>;
  /**
   * Says that the greenlet waits in a way that the hub does not see.
   *
   * @param interrupt Called with the error if it has to end early and waits for nothing else.
   * @returns Ends it.
   */
  enter(what: string, interrupt: (error: unknown) => void): () => void;
}

/** Makes what a greenlet calls instead of the original. */
export type Replace = (original: PatchedFunction, host: PatchHost) => PatchedFunction;

/** A function that can be replaced. */
export interface PatchPoint {
  /** With which others it is patched. */
  readonly kind: PatchKind;
  /** Where it is found: `globalThis`, `Deno`, `node:fs/promises`. */
  readonly module: string;
  /** Its name there: `readFile`, `Command.prototype.output`. */
  readonly name: string;
  /** The object that has it. */
  readonly holder: object;
  /** Under which key. */
  readonly key: PropertyKey;
  /** What greenlets call instead. */
  readonly replace: Replace;
  /** Whether everybody calls the replacement, and not greenlets alone. */
  readonly forAll: boolean;
  /** The same for what `util.promisify` makes of the function, if it is not to be left alone. */
  readonly promised: Replace | null;
}

/** By which `util.promisify` finds the promise form of a function. */
export const PROMISIFY: unique symbol = Symbol.for("nodejs.util.promisify.custom") as never;

/** What is replaced of a function: its calls, or those of its promise form, too. */
export type Replacements = Replace | { readonly calls?: Replace; readonly promised: Replace };

/** Functions of one object that are replaced alike. */
export function points(
  place: { kind: PatchKind; module: string; holder: unknown; prefix?: string; forAll?: boolean },
  replacements: Readonly<Record<PropertyKey, Replacements>>,
): PatchPoint[] {
  const { kind, module, holder, prefix = "", forAll = false } = place;
  if (!isObject(holder)) return [];
  return Reflect.ownKeys(replacements)
    .filter((key) => typeof (holder as Record<PropertyKey, unknown>)[key] === "function")
    .map((key) => {
      const name = prefix + (typeof key === "symbol" ? `[${key.description}]` : String(key));
      const given = replacements[key] as Replacements;
      const { calls = unchanged, promised } = typeof given === "function"
        ? { calls: given, promised: null }
        : given;
      return { kind, module, name, holder, key, replace: calls, forAll, promised };
    });
}

function unchanged(original: PatchedFunction): PatchedFunction {
  return original;
}

/** For a function that takes a signal in its options, which are the argument number `index`. */
export function abortable(
  describe: (args: readonly unknown[]) => string,
  index: number,
  extra?: object,
): Replace {
  return (original, host) =>
    function (...args) {
      return host.wait(describe(args), (signal) => {
        const passed = [...args];
        while (passed.length < index) passed.push(undefined);
        passed[index] = withSignal(args[index], signal, extra);
        return original.apply(this, passed) as PromiseLike<unknown>;
      });
    };
}

/** For a function whose promise cannot be ended early. */
export function awaited(describe: (args: readonly unknown[]) => string): Replace {
  return (original, host) =>
    function (...args) {
      return host.wait(
        describe(args),
        () => original.apply(this, args) as PromiseLike<unknown>,
      );
    };
}

/** Adds a signal to options, which may be a string that stands for an encoding. */
export function withSignal(options: unknown, signal: AbortSignal, extra?: object): object {
  if (typeof options === "string") return { encoding: options, signal, ...extra };
  if (!isObject(options)) return { signal, ...extra };
  const own = (options as { signal?: unknown }).signal;
  const both = own instanceof AbortSignal ? AbortSignal.any([own, signal]) : signal;
  return { ...extra, ...options, signal: both };
}

/** Calls a function when a signal is aborted. */
export function onAbort(signal: AbortSignal, fn: (reason: unknown) => void): void {
  signal.addEventListener("abort", () => fn(signal.reason), { once: true });
}

/** Whether a value has properties. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null || typeof value === "function";
}

/** Gives an object a method or a getter of its own. */
export function override(object: object, key: PropertyKey, value: PatchedFunction): void {
  Object.defineProperty(object, key, { value, configurable: true, writable: true });
}
