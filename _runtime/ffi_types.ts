/**
 * The functions of the C library that this library calls, as both runtimes offer them.
 *
 * @module
 */

/** Bytes that a C function reads or writes. */
export type CBytes = Uint8Array | Int32Array;

/** The C library as it is: numbers in, numbers out, -1 for a failure. Addresses are numbers too: they have 48 bits. */
export interface CLibrary {
  /** `long syscall(long number, …)` with numbers alone. */
  syscall(number: number, a: number, b: number, c: number, d: number): number;
  /** `syscall(SYS_futex, address, operation, value, timeout)`; `timeout` is a `struct timespec`. */
  futex(
    number: number,
    address: number,
    operation: number,
    value: number,
    timeout: CBytes | null,
  ): number;
  /** The same, on a thread of its own. */
  futexLater(
    number: number,
    address: number,
    operation: number,
    value: number,
    timeout: CBytes,
  ): Promise<number>;
  /** `syscall(SYS_memfd_create, name, flags)`. */
  memfdCreate(number: number, name: CBytes, flags: number): number;
  /** `void *mmap(…)`. */
  mmap(
    address: number,
    length: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ): number;
  /** `int munmap(…)`. */
  munmap(address: number, length: number): number;
  /** `int ftruncate(…)`. */
  ftruncate(fd: number, length: number): number;
  /** `off_t lseek(…)`. */
  lseek(fd: number, offset: number, whence: number): number;
  /** `int open(…)`. */
  open(path: CBytes, flags: number, mode: number): number;
  /** `ssize_t read(…)`. */
  read(fd: number, bytes: CBytes, length: number): number;
  /** `int close(…)`. */
  close(fd: number): number;
  /** `int shm_open(…)`. */
  shmOpen(name: CBytes, flags: number, mode: number): number;
  /** `int shm_unlink(…)`. */
  shmUnlink(name: CBytes): number;
  /** `int fchmod(…)`. */
  fchmod(fd: number, mode: number): number;
  /** `ssize_t readlink(…)`. */
  readlink(path: CBytes, bytes: CBytes, length: number): number;
  /** `syscall(SYS_getdents64, fd, bytes, length)`. */
  getdents(number: number, fd: number, bytes: CBytes, length: number): number;
  /** `int kill(…)`. */
  kill(pid: number, signal: number): number;
  /** `int nice(int increment)`. */
  nice(increment: number): number;
  /** `int poll(…)`. */
  poll(entries: CBytes, count: number, timeout: number): number;
  /** `errno` of the last call of this thread. */
  errno(): number;
  /** A buffer object of its own on memory that is never freed. */
  view(address: number, length: number): ArrayBuffer;
}
