/**
 * Which module is the program: Python's `__name__ == "__main__"`.
 *
 * @module
 */

/** The part of `process` that is used here; other runtimes may lack any of it. */
interface ProcessLike {
  argv?: string[];
  getBuiltinModule?: (name: string) => unknown;
}

interface ModuleBuiltin {
  createRequire(from: string): { resolve(path: string): string };
}

interface FileBuiltin {
  realpathSync(path: string): string;
}

interface UrlBuiltin {
  fileURLToPath(url: string): string;
}

interface ThreadsBuiltin {
  isMainThread: boolean;
}

let worker = false;

/** The real path of the program's own file on Node; `undefined` until it is looked up. */
let mainPath: string | null | undefined;

/** Says that this thread runs for another one, so that no module is the main one. Called by the boot modules. */
export function setWorkerContext(): void {
  worker = true;
}

/** Tells whether this thread runs for another one: it is a worker thread or a child process. */
export function isWorkerContext(): boolean {
  return worker;
}

/** Tells whether a module is the program that was started: never in a worker thread or a child process. */
export function isMainModule(meta: ImportMeta): boolean {
  if (worker) return false;
  const main = (meta as { main?: unknown }).main;
  if (typeof main === "boolean") return main;
  const process = (globalThis as { process?: ProcessLike }).process;
  const load = process?.getBuiltinModule;
  if (load === undefined || !meta.url.startsWith("file:")) return false;
  if (mainPath === undefined) mainPath = findMainPath(process?.argv?.[1], load, meta.url);
  if (mainPath === null) return false;
  const { fileURLToPath } = load("node:url") as UrlBuiltin;
  return realPath(fileURLToPath(meta.url), load) === mainPath;
}

/**
 * The errors that the runtime itself throws and that are no part of the language, by name: those of Deno, none on
 * Node.
 */
export function runtimeErrors(): Record<string, new (message?: string) => Error> {
  const deno = (globalThis as { Deno?: { errors?: Record<string, new () => Error> } }).Deno;
  return deno?.errors ?? {};
}

function findMainPath(
  argument: string | undefined,
  load: (name: string) => unknown,
  from: string,
): string | null {
  if (argument === undefined) return null;
  if (!(load("node:worker_threads") as ThreadsBuiltin).isMainThread) return null;
  try {
    // `node script` and `node folder` are legal: the resolver knows extensions and index files.
    const found = (load("node:module") as ModuleBuiltin).createRequire(from).resolve(argument);
    return realPath(found, load);
  } catch {
    return realPath(argument, load);
  }
}

function realPath(path: string, load: (name: string) => unknown): string {
  try {
    return (load("node:fs") as FileBuiltin).realpathSync(path);
  } catch {
    return path;
  }
}
