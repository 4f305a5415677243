/**
 * What modules make known to other threads: their tasks and their shareable classes.
 *
 * A function or class is known by the URL of its module and the order of its registration there, which is the same
 * in every thread, because registration happens at the module's top level alone.
 *
 * @module
 */

import { handleModule, isHandleRegistered } from "./handle.ts";

/** Where a registered function or class is found: in every thread, after its module has been imported. */
export interface ModuleRef {
  /** The URL of the module. */
  readonly url: string;
  /** The order of the registration within its module, from 0. */
  readonly index: number;
  /** A hash of the source text; two threads that disagree run different versions of the module. */
  readonly hash: number;
}

// deno-lint-ignore ban-types -- functions of any signature, classes included
type Registered = Function;

const modules: Map<string, Registered[]> = new Map();
const refs: WeakMap<Registered, { url: string; index: number; hash: number | null }> =
  new WeakMap();
const exportNames: WeakMap<Registered, string> = new WeakMap();

/** Registers a function or class of a module. The caller is `caller`, which was called by the module. */
export function register(
  meta: ImportMeta,
  value: Registered,
  caller: Registered,
): void {
  const url = meta?.url;
  if (typeof url !== "string") {
    throw new TypeError(
      `Cannot call ${caller.name}: its first argument must be 'import.meta', received ${typeof meta}`,
    );
  }
  checkImportable(url, caller.name);
  checkTopLevel(caller);
  let entries = modules.get(url);
  if (entries === undefined) modules.set(url, entries = []);
  if (!refs.has(value)) refs.set(value, { url, index: entries.length, hash: null });
  entries.push(value);
}

/** Gives the place of a registered function or class, or `null` when it is not registered. */
export function moduleRef(value: Registered): ModuleRef | null {
  const ref = refs.get(value);
  if (ref === undefined) return null;
  ref.hash ??= hashText(Function.prototype.toString.call(value));
  return ref as ModuleRef;
}

/** Gives the shareable class of an instance, or `null`. */
export function shareableClass(proto: object | null): Registered | null {
  if (proto === null || !Object.hasOwn(proto, "constructor")) return null;
  const { constructor } = proto;
  if (typeof constructor !== "function" || constructor.prototype !== proto) return null;
  return moduleRef(constructor) === null ? null : constructor;
}

/** Finds a registered function or class, whose module has been imported. */
export function lookup(ref: ModuleRef): Registered {
  const found = modules.get(ref.url)?.[ref.index];
  if (found === undefined) {
    throw new TypeError(
      `Cannot find registration ${ref.index} of ${ref.url}: the module registers ${
        modules.get(ref.url)?.length ?? 0
      } here. Call task() and shareable() unconditionally, at the top level of a module`,
    );
  }
  // A value that is registered twice has one reference, with one hash: that of its first place.
  if (moduleRef(found)?.hash !== ref.hash) {
    throw new TypeError(
      `Cannot use registration ${ref.index} of ${ref.url}: its source differs between the threads. ` +
        "Register in the same order everywhere, and restart the program when the module has changed",
    );
  }
  return found;
}

/** Tells whether a registration is known in this thread already. */
export function isLoaded(url: string, index: number): boolean {
  return (modules.get(url)?.length ?? 0) > index;
}

/** Gives a name for messages: the function's own, else that of its export where it is known, else its place. */
export function registeredName(value: Registered): string {
  const known = value.name || exportNames.get(value);
  if (known) return known;
  const ref = refs.get(value);
  if (ref === undefined) return "anonymous";
  return `${ref.url.slice(ref.url.lastIndexOf("/") + 1)}#${ref.index}`;
}

/**
 * Learns the name under which a module exports a registered function, for later messages: at the registration there was none
 * yet. The module is there already.
 */
export function learnName(value: Registered): void {
  const ref = refs.get(value);
  if (ref === undefined || value.name || exportNames.has(value)) return;
  // Without the name a message says which registration of the module it is.
  importModules([ref.url]).catch(() => {});
}

let tellLoading: ((isLoading: boolean) => void) | null = null;
let loads = 0;

/** Has a function told when this thread begins to load modules, and when it has loaded all. */
export function onLoading(tell: (isLoading: boolean) => void): void {
  tellLoading = tell;
}

/** Imports modules by their URLs, and learns the names of what they export. */
export async function importModules(urls: readonly string[]): Promise<void> {
  if (loads++ === 0) tellLoading?.(true);
  try {
    for (const url of urls) {
      const namespace = await import(url) as Record<string, unknown>;
      for (const [name, value] of Object.entries(namespace)) {
        if (typeof value === "function" && refs.has(value)) exportNames.set(value, name);
      }
    }
  } finally {
    if (--loads === 0) tellLoading?.(false);
  }
}

let importing = 0;

/** Imports modules in which a thread or a process finds its task: they must not start any themselves. */
export async function importForTask(urls: readonly string[]): Promise<void> {
  const end = beginImport();
  try {
    await importModules(urls);
  } finally {
    end();
  }
}

/** Says that modules are being imported in which a process finds its task; the returned function, that they are there. */
export function beginImport(): () => void {
  importing++;
  return () => void importing--;
}

/** Whether modules are being imported in which a thread or a process finds its task. */
export function isImportingForTask(): boolean {
  return importing > 0;
}

/** Something that has to be loaded before a message can be decoded: a registration, or the class of a handle. */
export type Requirement =
  | { readonly url: string; readonly index: number }
  | { readonly url: string; readonly type: string };

/** Gives the requirement of a handle type, or `null` when its module is not known. */
export function handleRequirement(type: string): Requirement | null {
  const url = handleModule(type);
  return url === null ? null : { url, type };
}

/** Tells whether a requirement is met in this thread. */
export function isMet(requirement: Requirement): boolean {
  return "type" in requirement
    ? isHandleRegistered(requirement.type)
    : isLoaded(requirement.url, requirement.index);
}

function checkImportable(url: string, caller: string): void {
  const importable = /^(?:file|https?):/.test(url) &&
    // What `eval`, stdin and the prompt are called by Deno and Node, and the snippets of `deno test --doc`.
    !/\/\$deno\$\w+|\/\[(?:eval|stdin)\d*\]$|#\d+-\d+\.[cm]?[jt]sx?$/.test(url);
  if (importable) return;
  throw new TypeError(
    `Cannot call ${caller} in ${
      url.slice(0, 60)
    }: another thread cannot import this module. Put the function into a file of its own, ` +
      "or pass it as it is: a self-contained function needs no task()",
  );
}

/** Refuses a call from within a function, as far as the engine tells where the call comes from. */
function checkTopLevel(caller: Registered): void {
  const frames = callers(caller);
  // The initializers of static fields run while their module does.
  const first = frames.findIndex((frame) => frame.getFunctionName() !== "<static_initializer>");
  const frame = frames[first];
  if (frame === undefined) return;
  const file = frame.getFileName();
  const line = frame.getEnclosingLineNumber?.();
  const inFunction = frame.getFunctionName() !== null || !frame.isToplevel() ||
    (typeof line === "number" && (line !== 1 || frame.getEnclosingColumnNumber?.() !== 1)) ||
    frames.slice(first + 1).some((other) => other.getFileName() === file);
  if (!inFunction) return;
  throw new TypeError(
    `Cannot call ${caller.name} inside a function: other threads only run the top level of a module. ` +
      `Move the call there: export const name = ${caller.name}(import.meta, …)`,
  );
}

/** The part of V8's `CallSite` that is used here. Deno's lacks the position of the enclosing function. */
interface CallSite {
  getFunctionName(): string | null;
  getFileName(): string | null;
  isToplevel(): boolean;
  getEnclosingLineNumber?(): number | undefined;
  getEnclosingColumnNumber?(): number | undefined;
}

interface ErrorHooks {
  prepareStackTrace?: unknown;
  captureStackTrace?: (target: object, below: Registered) => void;
}

function callers(below: Registered): CallSite[] {
  const hooks = Error as ErrorHooks;
  if (hooks.captureStackTrace === undefined) return [];
  const before = hooks.prepareStackTrace;
  const holder: { stack?: unknown } = {};
  try {
    hooks.prepareStackTrace = (_error: unknown, sites: CallSite[]) => sites;
    hooks.captureStackTrace(holder, below);
    return Array.isArray(holder.stack) ? holder.stack : [];
  } finally {
    hooks.prepareStackTrace = before;
  }
}

/** FNV-1a over the UTF-16 code units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
