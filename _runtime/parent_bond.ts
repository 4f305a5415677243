/**
 * The end of the parent, as the system passes it on: Linux kills a process that has asked for it when the thread ends that
 * has started it, here the keeper's, which lives as long as its process. It takes a call of the C library; where that cannot
 * be made, see `parent_watch.ts`.
 *
 * @module
 */

import { bareDeno } from "./bare.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

interface PrctlLibrary {
  symbols: { prctl(option: number, argument: number): number };
}

/** The part of Deno that is used here. */
interface BindingDeno {
  readonly build: { readonly os: string; readonly arch: string };
  readonly ppid: number;
  readonly permissions: { querySync(descriptor: { name: string }): { state: string } };
  dlopen(path: string, symbols: Record<string, object>): PrctlLibrary;
}

/**
 * Prepares for {@linkcode ParentBond.tie}; gives `null` where the system does not pass the end of the parent on.
 *
 * @param address Where the parent listens, which tells its id.
 */
export function parentBond(address: string): ParentBond | null {
  const deno = bareDeno() as unknown as BindingDeno | null;
  const parent = parentIn(address);
  if (deno?.build.os !== "linux" || deno.ppid !== parent) return null;
  if (deno.permissions.querySync({ name: "ffi" }).state !== "granted") return null;
  const prctl = { parameters: ["i32", "usize"], result: "i32" };
  for (const path of ["libc.so.6", `libc.musl-${deno.build.arch}.so.1`]) {
    try {
      const library = deno.dlopen(path, { prctl });
      // A sandbox of the system may refuse the call.
      const isRefused = library.symbols.prctl(PR_SET_PDEATHSIG, 0) !== 0;
      return isRefused ? null : new ParentBond(deno, parent, library);
    } catch {
      // It has another name, or may not be opened.
    }
  }
  return null;
}

/** Gives the id of the process that listens at an address; 0 if the address does not tell. */
function parentIn(address: string): number {
  return Number(/^(?:unix:.*\/|abstract:)nogil-(\d+)-[^/]+(?:\/\w+)?$/.exec(address)?.[1] ?? 0);
}

/** A way to be ended with the parent. */
export class ParentBond {
  readonly #deno: BindingDeno;
  readonly #parent: number;
  readonly #library: PrctlLibrary;

  constructor(deno: BindingDeno, parent: number, library: PrctlLibrary) {
    this.#deno = deno;
    this.#parent = parent;
    this.#library = library;
  }

  /** Has this process killed when the parent ends; `false` if that has happened already. */
  tie(): boolean {
    this.#library.symbols.prctl(PR_SET_PDEATHSIG, SIGKILL);
    return this.#deno.ppid === this.#parent;
  }
}
