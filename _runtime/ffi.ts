/**
 * The only way to the C library: `ffi()`. It is loaded at the first call and not before.
 *
 * @module
 */

import process from "node:process";
import { NotSupportedError } from "../errors.ts";
import { isFfiGranted, openOnDeno } from "./ffi_deno.ts";
import { loadKoffi, openOnNode } from "./ffi_node.ts";
import type { CBytes, CLibrary } from "./ffi_types.ts";

/** The numbers of system calls that the C library has no function for everywhere. */
interface SystemCalls {
  readonly futex: number;
  readonly memfdCreate: number;
  readonly fallocate: number;
  readonly pidfdOpen: number;
  readonly getdents: number;
}

const SYSTEM_CALLS: Readonly<Record<string, SystemCalls>> = {
  x64: { futex: 202, memfdCreate: 319, fallocate: 285, pidfdOpen: 434, getdents: 217 },
  arm64: { futex: 98, memfdCreate: 279, fallocate: 47, pidfdOpen: 434, getdents: 61 },
};

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
/** `MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS`, and on Linux `MAP_NORESERVE`. */
const PRIVATE_ZEROS = process.platform === "darwin" ? 0x1012 : 0x4032;
/** Of what its competitors get, a thread that gives way gets a third. */
const GIVEN_WAY = 5;
const SEEK_END = 2;
const O_RDWR = 2;
const POLLIN = 1;
const EINTR = 4;
/** The file system or the system does not know the call. */
const UNKNOWN: readonly number[] = [38, 95];
const FAILED = -1;
/** Bytes of a link that are read at most. */
const LONGEST_LINK = 512;
/** Bytes of a folder that are read at a time. */
const FOLDER_PART = 16 * 1024;

/** Flags of `open`, which differ. */
const FLAGS = process.platform === "darwin"
  ? { create: 0x200, exclusive: 0x800, closeOnExec: 0x1000000 }
  : { create: 0x40, exclusive: 0x80, closeOnExec: 0x80000 };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A function of the C library has failed. */
export class SystemError extends Error {
  override name = "SystemError";
  /** The number of the error. */
  readonly errno: number;

  /** Says which function has failed. */
  constructor(what: string, errno: number) {
    super(`${what} failed with errno ${errno}`);
    this.errno = errno;
  }
}

/** Who is told when this thread makes a buffer object on mapped memory. */
export interface Viewing {
  /** It is about to. */
  begin(): void;
  /** It has. */
  finish(): void;
}

/** What this library wants of the C library. Failures throw a {@linkcode SystemError}. */
export class Ffi {
  /** Whether there are futexes, anonymous memory files and `/proc`. */
  readonly isLinux: boolean;
  readonly #c: CLibrary;
  readonly #calls: SystemCalls;
  /** A `struct timespec`. */
  readonly #time: Int32Array = new Int32Array(4);

  constructor(library: CLibrary, calls: SystemCalls | undefined) {
    this.#c = library;
    this.isLinux = calls !== undefined;
    this.#calls = calls ?? { futex: 0, memfdCreate: 0, fallocate: 0, pidfdOpen: 0, getdents: 0 };
  }

  /** Blocks while the word at an address holds a value, for at most `ms` milliseconds; gives whether somebody woke it. */
  futexWait(address: number, value: number, ms: number): boolean {
    const time = this.#time;
    time[0] = ms / 1000;
    time[2] = (ms % 1000) * 1e6;
    return this.#c.futex(this.#calls.futex, address, FUTEX_WAIT, value, time) === 0;
  }

  /** Does the same without blocking this thread; keeps the event loop alive meanwhile. */
  async futexWaitLater(address: number, value: number, ms: number): Promise<void> {
    const time = new Int32Array([ms / 1000, 0, (ms % 1000) * 1e6, 0]);
    await this.#c.futexLater(this.#calls.futex, address, FUTEX_WAIT, value, time);
  }

  /** Wakes at most `count` of those who wait on the word at an address. */
  futexWake(address: number, count: number): void {
    this.#c.futex(this.#calls.futex, address, FUTEX_WAKE, Math.min(count, 0x7fffffff), null);
  }

  /** Creates a file in memory without a name, and gives its descriptor. */
  memfdCreate(name: string): number {
    return this.#check(
      "memfd_create",
      this.#c.memfdCreate(this.#calls.memfdCreate, text(name), MFD_CLOEXEC),
    );
  }

  /** Opens memory with a name, which begins with a slash; `exclusive`: creates it, and fails if it is there. */
  shmOpen(name: string, exclusive: boolean): number {
    const flags = O_RDWR | FLAGS.closeOnExec | (exclusive ? FLAGS.create | FLAGS.exclusive : 0);
    const fd = this.#check("shm_open", this.#c.shmOpen(text(name), flags, 0o600));
    // The mode is a variadic argument, which goes astray on some processors.
    if (exclusive) this.#c.fchmod(fd, 0o600);
    return fd;
  }

  /** Takes a name of memory away; `false` if it is gone. */
  shmUnlink(name: string): boolean {
    return this.#c.shmUnlink(text(name)) === 0;
  }

  /** Opens a file to read and write it. */
  open(path: string): number {
    return this.#check("open", this.#c.open(text(path), O_RDWR | FLAGS.closeOnExec, 0));
  }

  /** Closes a descriptor. */
  close(fd: number): void {
    this.#c.close(fd);
  }

  /** Sets the length of a file. */
  ftruncate(fd: number, length: number): void {
    this.#check("ftruncate", this.#c.ftruncate(fd, length));
  }

  /** Gives the length of a file. */
  fileLength(fd: number): number {
    return this.#check("lseek", this.#c.lseek(fd, 0, SEEK_END));
  }

  /** Makes sure that there is memory for a part of a file. Does nothing where that cannot be known. */
  fallocate(fd: number, offset: number, length: number): void {
    if (!this.isLinux) return;
    while (this.#c.syscall(this.#calls.fallocate, fd, 0, offset, length) !== 0) {
      const errno = this.#c.errno();
      if (UNKNOWN.includes(errno)) return;
      if (errno !== EINTR) throw new SystemError("fallocate", errno);
    }
  }

  /** Maps the beginning of a file, to be shared with whoever maps it, and gives the address. */
  mmap(fd: number, length: number): number {
    return this.#check("mmap", this.#c.mmap(0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0));
  }

  /** Takes a mapping away. No view of it may be used any more. */
  munmap(address: number, length: number): void {
    this.#c.munmap(address, length);
  }

  /** Puts zeros of this process alone in the place of a mapping, so that views of it can still be used. */
  discard(address: number, length: number): void {
    this.#check("mmap", this.#c.mmap(address, length, PROT_READ_WRITE, PRIVATE_ZEROS, -1, 0));
  }

  /** Makes a buffer object of its own on mapped memory. */
  view(address: number, length: number): ArrayBuffer {
    viewing?.begin();
    try {
      return this.#c.view(address, length);
    } finally {
      viewing?.finish();
    }
  }

  /** Reads a small file; `null` if it cannot be opened. */
  readText(path: string): string | null {
    const fd = this.#c.open(text(path), FLAGS.closeOnExec, 0);
    if (fd < 0) return null;
    const bytes = new Uint8Array(1024);
    const length = this.#c.read(fd, bytes, bytes.length);
    this.#c.close(fd);
    return length < 0 ? null : decoder.decode(bytes.subarray(0, length));
  }

  /** Where a symbolic link leads; `null` if that cannot be known. */
  readLink(path: string): string | null {
    const bytes = new Uint8Array(LONGEST_LINK);
    const length = this.#c.readlink(text(path), bytes, bytes.length);
    return length < 0 ? null : decoder.decode(bytes.subarray(0, length));
  }

  /** The names of what is in a folder; `null` if it cannot be read. Linux only. */
  readFolder(path: string): string[] | null {
    const fd = this.#c.open(text(path), FLAGS.closeOnExec, 0);
    if (fd < 0) return null;
    const names: string[] = [];
    const bytes = new Uint8Array(FOLDER_PART);
    const view = new DataView(bytes.buffer);
    let length: number;
    while ((length = this.#c.getdents(this.#calls.getdents, fd, bytes, bytes.length)) > 0) {
      for (let at = 0; at < length; at += view.getUint16(at + 16, true)) {
        const end = bytes.indexOf(0, at + 19);
        names.push(decoder.decode(bytes.subarray(at + 19, end)));
      }
    }
    this.#c.close(fd);
    return length < 0 ? null : names.filter((name) => name !== "." && name !== "..");
  }

  /** Whether a process has this id; it may have ended and not been waited for. */
  hasProcess(pid: number): boolean {
    const ESRCH = 3;
    return this.#c.kill(pid, 0) === 0 || this.#c.errno() !== ESRCH;
  }

  /** Lets others go first on a processor from now on. */
  giveWay(): void {
    this.#c.nice(GIVEN_WAY);
  }

  /** Opens a descriptor that stands for a process, and becomes readable when that ends. Linux only. */
  pidfdOpen(pid: number): number {
    return this.#check("pidfd_open", this.#c.syscall(this.#calls.pidfdOpen, pid, 0, 0, 0));
  }

  /** Blocks until a descriptor is readable, for at most `ms` milliseconds; gives whether it is. */
  pollReadable(fd: number, ms: number): boolean {
    const entry = new Int32Array([fd, POLLIN]);
    return this.#c.poll(entry, 1, ms) > 0;
  }

  #check(what: string, result: number): number {
    if (result === FAILED) throw new SystemError(what, this.#c.errno());
    return result;
  }
}

function text(value: string): CBytes {
  return encoder.encode(`${value}\0`);
}

const isDeno = "deno" in process.versions;

let opened: Ffi | null = null;
let viewing: Viewing | null = null;

/**
 * Gives the C library.
 *
 * @param what What needs it, for the message of an error: `create Lock`.
 * @throws {NotSupportedError} If it cannot be used; the message says what to grant or to install.
 */
export function ffi(what: string): Ffi {
  if (opened === null) {
    const reason = open();
    if (reason !== null) throw new NotSupportedError(`Cannot ${what}: ${reason}`);
  }
  return opened as unknown as Ffi;
}

/** Whether {@linkcode ffi} works, without asking anybody for it. */
export function hasFfi(): boolean {
  if (opened !== null) return true;
  if (!isSupported() || (isDeno && !isFfiGranted())) return false;
  return open() === null;
}

/** Says who is told when this thread makes a buffer object on mapped memory; nobody has to be on Deno. */
export function watchViews(told: Viewing): void {
  if (!isDeno) viewing = told;
}

function isSupported(): boolean {
  return process.platform === "linux" || process.platform === "darwin";
}

/** Opens the library; gives why that is not possible. */
function open(): string | null {
  if (!isSupported()) return `scope "process" is not supported on ${process.platform}`;
  const isMac = process.platform === "darwin";
  const calls = isMac ? undefined : SYSTEM_CALLS[process.arch];
  let failure: unknown;
  for (const path of libraries(isMac)) {
    try {
      const library = isDeno ? openOnDeno(path, isMac) : openWithKoffi(path);
      if (library === null) {
        return 'scope "process" needs the package "koffi" on Node, install it: npm install koffi';
      }
      opened = new Ffi(library, calls);
      return null;
    } catch (error) {
      if (/^(NotCapable|PermissionDenied)$/.test((error as Error).name)) {
        return 'scope "process" needs FFI, run with --allow-ffi';
      }
      failure = error;
    }
  }
  return `scope "process" needs the C library: ${(failure as Partial<Error>).message}`;
}

function openWithKoffi(path: string): CLibrary | null {
  const koffi = loadKoffi();
  return koffi === null ? null : openOnNode(koffi, path);
}

function libraries(isMac: boolean): string[] {
  if (isMac) return ["/usr/lib/libSystem.B.dylib"];
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${machine}.so.1`, "libc.so"];
}
