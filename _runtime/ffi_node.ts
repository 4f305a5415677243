/**
 * The C library on Node: by the package `koffi`, which a user installs to have it.
 *
 * @module
 */

import { createRequire } from "node:module";
import type { CLibrary } from "./ffi_types.ts";

/** The part of `koffi` that is used here. */
interface Koffi {
  load(path: string): {
    func(name: string, result: string, parameters: string[]): CFunction;
  };
  view(address: bigint, length: number): ArrayBuffer;
  errno(): number;
}

interface CFunction {
  (...args: unknown[]): number;
  /** Calls it on a thread of its own; the last argument is called with the result. */
  async(...args: unknown[]): void;
}

/** In a variable: an optional package must not become a dependency of the npm package. */
const KOFFI: string = "koffi";

let koffi: Koffi | null | undefined;

/** Loads `koffi`; `null` if it is not installed. */
export function loadKoffi(): Koffi | null {
  if (koffi === undefined) {
    try {
      koffi = createRequire(import.meta.url)(KOFFI) as Koffi;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
      koffi = null;
    }
  }
  return koffi;
}

/**
 * Opens the C library.
 *
 * @throws {Error} What `koffi` throws if there is no such library.
 */
export function openOnNode(koffi: Koffi, path: string): CLibrary {
  const library = koffi.load(path);
  const number = "int64_t";
  const address = "uintptr_t";
  const bytes = "void *";
  const int = "int";
  const bind = (name: string, result: string, ...parameters: string[]) =>
    library.func(name, result, parameters);
  const futex = bind("syscall", int, number, address, number, number, bytes);
  return {
    syscall: bind("syscall", int, number, number, number, number, number),
    futex,
    futexLater: (...args) =>
      new Promise((resolve) =>
        futex.async(...args, (_error: unknown, result: number) => resolve(result))
      ),
    memfdCreate: bind("syscall", int, number, bytes, number),
    mmap: bind("mmap", "intptr_t", address, address, int, int, int, number),
    munmap: bind("munmap", int, address, address),
    ftruncate: bind("ftruncate", int, int, number),
    lseek: bind("lseek", number, int, number, int),
    open: bind("open", int, bytes, int, int),
    read: bind("read", int, int, bytes, address),
    close: bind("close", int, int),
    shmOpen: bind("shm_open", int, bytes, int, int),
    shmUnlink: bind("shm_unlink", int, bytes),
    fchmod: bind("fchmod", int, int, int),
    readlink: bind("readlink", int, bytes, bytes, address),
    getdents: bind("syscall", int, number, number, bytes, number),
    kill: bind("kill", int, int, int),
    nice: bind("nice", int, int),
    poll: bind("poll", int, bytes, address, int),
    errno: () => koffi.errno(),
    view: (address, length) => koffi.view(BigInt(address), length),
  };
}
