/**
 * Memory that processes share.
 *
 * On Linux it is a file in memory without a name, which the others open through `/proc/PID/fd/N`: the kernel frees it with
 * the last process that has it open, however that ends. Elsewhere it has a name, which the last process takes away when it
 * ends in an orderly way.
 *
 * @module
 */

import process from "node:process";
import { type Ffi, SystemError } from "./ffi.ts";

/** Memory that is mapped in this process, for as long as it runs. */
export interface Mapping {
  /** Where it is. */
  readonly address: number;
  /** Bytes of address space. */
  readonly length: number;
  /** The descriptor of its file. */
  readonly fd: number;
}

/** Whether a process still runs: the answer of the system. */
export type Liveness = "alive" | "dead" | "unknown";

let forced = false;

/** Makes this process behave as on a system without anonymous memory files and futexes. For tests. */
export function forceNamedMemory(): void {
  forced = true;
}

/** Whether memory has a name here, and nobody can wait on it. */
export function needsNamedMemory(system: Ffi): boolean {
  return forced || !system.isLinux;
}

/**
 * Creates memory of the first of `sizes` for which there is address space.
 *
 * @param name The name, which begins with a slash; `null` for memory without one.
 * @throws {SystemError} If it cannot be created, or if the name is taken.
 */
export function createMapping(
  system: Ffi,
  sizes: readonly number[],
  name: string | null,
): Mapping {
  const fd = name === null ? system.memfdCreate("nogil") : system.shmOpen(name, true);
  for (const length of sizes) {
    try {
      system.ftruncate(fd, length);
      return { address: system.mmap(fd, length), length, fd };
    } catch (error) {
      if (error instanceof SystemError && length !== sizes.at(-1)) continue;
      system.close(fd);
      if (name !== null) system.shmUnlink(name);
      throw error;
    }
  }
  throw new RangeError("Cannot map memory: no size is given");
}

/** Gives back memory that nobody else knows. */
export function discardMapping(system: Ffi, mapping: Mapping, name: string | null): void {
  system.munmap(mapping.address, mapping.length);
  system.close(mapping.fd);
  if (name !== null) system.shmUnlink(name);
}

/**
 * Opens memory that another process has created.
 *
 * @throws {SystemError} If it is gone.
 */
export function openMapping(
  system: Ffi,
  pid: number,
  descriptor: number,
  name: string | null,
): Mapping {
  const fd = name === null
    ? system.open(`/proc/${pid}/fd/${descriptor}`)
    : system.shmOpen(name, false);
  try {
    const length = system.fileLength(fd);
    return { address: system.mmap(fd, length), length, fd };
  } catch (error) {
    system.close(fd);
    throw error;
  }
}

/** When a process began, in ticks since the system did, in 32 bits; 0 if that is not known. */
export function processStart(system: Ffi, pid: number): number {
  return readStat(system, pid)?.start ?? 0;
}

/**
 * Looks whether a process still runs. One that has ended and was not waited for is dead; one that has got its id since is
 * another one.
 *
 * @param start When it began; 0 if that is not known.
 */
export function liveness(system: Ffi, pid: number, start: number): Liveness {
  if (!system.isLinux) return system.hasProcess(pid) ? "alive" : "dead";
  const stat = readStat(system, pid);
  if (stat === null) {
    // There may be no descriptor left to look with, or no `/proc`.
    if (readStat(system, process.pid) !== null) return "dead";
    return system.hasProcess(pid) ? "unknown" : "dead";
  }
  if (start !== 0 && stat.start !== start) return "dead";
  // The first thread may have ended before the others, which are ended by then and run for some more microseconds.
  return stat.isEnded && stat.threads <= 1 ? "dead" : "alive";
}

interface Stat {
  readonly isEnded: boolean;
  readonly threads: number;
  readonly start: number;
}

function readStat(system: Ffi, pid: number): Stat | null {
  if (!system.isLinux) return null;
  const line = system.readText(`/proc/${pid}/stat`);
  if (line === null || line === "") return null;
  // The name of the program, in parentheses, may hold anything.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state = "", threads = "", start = ""] = [fields[0], fields[17], fields[19]];
  return {
    isEnded: state === "Z" || state === "X",
    threads: Number(threads),
    start: Number(start) | 0,
  };
}
