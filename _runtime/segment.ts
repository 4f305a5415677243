/**
 * Memory with a name.
 *
 * A lasting segment is a file of the system's shared memory (`/dev/shm`), as other languages use it: it stays until its name
 * is taken away. Any other is an anonymous memory file whose name stands in the links under `/proc/PID/fd` of those who have
 * it open. So the kernel is the register of names: a name is taken while somebody has the memory, and memory and name are
 * gone with the last process, however it ends.
 *
 * ```text
 * lasting   the bytes
 * other     one page of control words | the bytes
 * ```
 *
 * @module
 */

import { type Ffi, SystemError } from "./ffi.ts";
import { needsNamedMemory } from "./memory.ts";

/** Memory that is mapped here. */
export interface Segment {
  /** The bytes. */
  readonly buffer: ArrayBuffer;
  /** The control words; `null` for a lasting segment. */
  readonly control: Int32Array | null;
  /** Where the mapping begins. */
  readonly address: number;
  /** Bytes of the mapping. */
  readonly length: number;
  /** The descriptor of the file. */
  readonly fd: number;
}

/** Where somebody has a segment open. */
export interface SegmentPlace {
  /** The process. */
  readonly pid: number;
  /** Its descriptor. */
  readonly fd: number;
}

/** Bytes before the bytes of a segment that does not last. */
export const CONTROL_BYTES = 4096;
const MARK = "nogil-shm:";
const LINK = `/memfd:${MARK}`;
const DELETED = " (deleted)";

const ENOENT = 2;
const EEXIST = 17;
/** The errors that say that there is no room. */
const FULL: readonly number[] = [12, 27, 28];

/** Whether names are in the links of processes here; if not, all segments are files of the system's shared memory. */
export function hasHiddenNames(system: Ffi): boolean {
  return !needsNamedMemory(system);
}

/** Creates a segment that does not last; its name is known from now on. */
export function createHidden(system: Ffi, name: string, size: number): Segment {
  const fd = system.memfdCreate(MARK + name);
  return closingOnError(system, fd, () => {
    system.ftruncate(fd, CONTROL_BYTES + size);
    return map(system, fd, size, true);
  });
}

/** Creates a lasting segment; `null` if the name is taken. */
export function createLasting(system: Ffi, name: string, size: number): Segment | null {
  const fd = openShm(system, name, true);
  if (fd === null) return null;
  try {
    return closingOnError(system, fd, () => {
      system.ftruncate(fd, size);
      // Without it, the first access to memory that is not there would end the process.
      system.fallocate(fd, 0, size);
      return map(system, fd, size, false);
    });
  } catch (error) {
    system.shmUnlink(`/${name}`);
    throw error;
  }
}

/** Opens a lasting segment; `null` if there is none of that name. */
export function openLasting(system: Ffi, name: string): Segment | null {
  const fd = openShm(system, name, false);
  if (fd === null) return null;
  return closingOnError(system, fd, () => map(system, fd, system.fileLength(fd), false));
}

/** Opens a segment that does not last, where somebody has it open; `null` if it is not there any more. */
export function openHidden(system: Ffi, place: SegmentPlace): Segment | null {
  let fd: number;
  try {
    fd = system.open(pathOf(place));
  } catch (error) {
    if (error instanceof SystemError) return null;
    throw error;
  }
  return closingOnError(system, fd, () => {
    const size = system.fileLength(fd) - CONTROL_BYTES;
    if (size > 0) return map(system, fd, size, true);
    system.close(fd);
    return null;
  });
}

/** Whether the file that somebody has open is a segment of this name. */
export function isNamed(system: Ffi, place: SegmentPlace, name: string): boolean {
  return system.readLink(pathOf(place)) === LINK + name + DELETED;
}

/** Finds who has segments of a name open that do not last. */
export function* findHidden(system: Ffi, name: string): Generator<SegmentPlace> {
  for (const process of system.readFolder("/proc") ?? []) {
    const pid = Number(process);
    if (!Number.isInteger(pid)) continue;
    for (const fd of system.readFolder(`/proc/${pid}/fd`) ?? []) {
      const place = { pid, fd: Number(fd) };
      if (isNamed(system, place, name)) yield place;
    }
  }
}

/** Opens the same file once more, and gives the descriptor. */
export function openAgain(system: Ffi, fd: number): number {
  return system.open(`/proc/self/fd/${fd}`);
}

/**
 * Lets go of a segment whose buffer others may have views of: the buffer is detached. Where that is not possible (Node 20),
 * they see zeros from now on, and what they write goes nowhere.
 */
export function retire(system: Ffi, segment: Segment): void {
  const { buffer, address, length, fd } = segment;
  if (detach(buffer)) return release(system, segment);
  system.discard(address, length);
  system.close(fd);
  leftovers.register(buffer, () => system.munmap(address, length));
}

const leftovers = new FinalizationRegistry<() => void>((unmap) => unmap());

function detach(buffer: ArrayBuffer): boolean {
  if (!("transfer" in buffer)) return false;
  try {
    buffer.transfer();
  } catch {
    return false;
  }
  return buffer.byteLength === 0;
}

/** Takes the mapping of a segment away of which nobody has a view. */
export function release(
  system: Ffi,
  { address, length, fd }: Pick<Segment, "address" | "length" | "fd">,
): void {
  system.munmap(address, length);
  system.close(fd);
}

/** Whether an error says that there is no room for so much memory. */
export function saysFull(error: unknown): boolean {
  return error instanceof SystemError && FULL.includes(error.errno);
}

function pathOf({ pid, fd }: SegmentPlace): string {
  return `/proc/${pid}/fd/${fd}`;
}

function openShm(system: Ffi, name: string, exclusive: boolean): number | null {
  try {
    return system.shmOpen(`/${name}`, exclusive);
  } catch (error) {
    if (error instanceof SystemError && error.errno === (exclusive ? EEXIST : ENOENT)) return null;
    throw error;
  }
}

function map(system: Ffi, fd: number, size: number, hasControl: boolean): Segment {
  const before = hasControl ? CONTROL_BYTES : 0;
  const length = before + size;
  const address = system.mmap(fd, length);
  return {
    buffer: system.view(address + before, size),
    control: hasControl ? new Int32Array(system.view(address, CONTROL_BYTES)) : null,
    address,
    length,
    fd,
  };
}

function closingOnError<T>(system: Ffi, fd: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    system.close(fd);
    throw error;
  }
}
