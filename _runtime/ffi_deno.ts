/**
 * The C library on Deno: `Deno.dlopen`, which `--allow-ffi` grants.
 *
 * @module
 */

import type { CBytes, CLibrary } from "./ffi_types.ts";

/** A pointer of Deno, which is an object. */
type Pointer = object | null;

interface Symbol {
  readonly name?: string;
  readonly parameters: readonly string[];
  readonly result: string;
  readonly nonblocking?: boolean;
}

type Raw = Record<string, (...args: (number | CBytes | null)[]) => unknown>;

/** The part of `Deno` that is used here. */
interface DenoLike {
  dlopen(name: string, symbols: Record<string, Symbol>): { symbols: Raw };
  permissions: { querySync(descriptor: { name: "ffi" }): { state: string } };
  UnsafePointer: { create(address: bigint): Pointer };
  UnsafePointerView: {
    new (pointer: Pointer): { getInt32(): number };
    getArrayBuffer(pointer: Pointer, length: number): ArrayBuffer;
  };
}

const MACOS_ERRNO = "__error";
const LINUX_ERRNO = "__errno_location";

function deno(): DenoLike {
  return (globalThis as unknown as { Deno: DenoLike }).Deno;
}

/** Whether `--allow-ffi` was given as a whole. */
export function isFfiGranted(): boolean {
  return deno().permissions.querySync({ name: "ffi" }).state === "granted";
}

/**
 * Opens the C library.
 *
 * @throws {Error} What Deno throws if that is not granted, or if there is no such library.
 */
export function openOnDeno(path: string, isMac: boolean): CLibrary {
  const { dlopen, UnsafePointer, UnsafePointerView } = deno();
  const { symbols } = dlopen(path, {
    syscall: { parameters: ["i64", "i64", "i64", "i64", "i64"], result: "i32" },
    futex: {
      name: "syscall",
      parameters: ["i64", "usize", "i64", "i64", "buffer"],
      result: "i32",
    },
    futexLater: {
      name: "syscall",
      parameters: ["i64", "usize", "i64", "i64", "buffer"],
      result: "i32",
      nonblocking: true,
    },
    memfdCreate: { name: "syscall", parameters: ["i64", "buffer", "i64"], result: "i32" },
    mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "usize" },
    munmap: { parameters: ["usize", "usize"], result: "i32" },
    ftruncate: { parameters: ["i32", "i64"], result: "i32" },
    lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
    open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    shmOpen: { name: "shm_open", parameters: ["buffer", "i32", "i32"], result: "i32" },
    shmUnlink: { name: "shm_unlink", parameters: ["buffer"], result: "i32" },
    fchmod: { parameters: ["i32", "i32"], result: "i32" },
    readlink: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
    getdents: { name: "syscall", parameters: ["i64", "i64", "buffer", "i64"], result: "i32" },
    kill: { parameters: ["i32", "i32"], result: "i32" },
    nice: { parameters: ["i32"], result: "i32" },
    poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
    errno: { name: isMac ? MACOS_ERRNO : LINUX_ERRNO, parameters: [], result: "pointer" },
  });
  const { mmap, lseek, errno } = symbols as {
    mmap: (...args: number[]) => number | bigint;
    lseek: (...args: number[]) => number | bigint;
    errno: () => Pointer;
  };
  return {
    ...symbols as unknown as CLibrary,
    mmap: (...args) => signed(mmap(...args)),
    lseek: (...args) => signed(lseek(...args)),
    errno: () => new UnsafePointerView(errno()).getInt32(),
    view: (address, length) =>
      UnsafePointerView.getArrayBuffer(UnsafePointer.create(BigInt(address)), length),
  };
}

function signed(value: number | bigint): number {
  return Number(BigInt.asIntN(64, BigInt(value)));
}
