/**
 * Memory with a name: who creates it, who finds it, and how it travels.
 *
 * ```text
 * STATE    MAKING ──nobody else has the name──▶ READY ──unlink──▶ UNLINKED
 *             └──somebody else has it──▶ given up
 * name     is that of the file; of two who make the same name at the same time, the one with the greater STAMP gives up as
 *          soon as it sees the other, and the other waits for that
 * TICKETS  FREE ──sent──▶ SENT ──arrived──▶ ARRIVED ──▶ FREE     the sender keeps a descriptor while a handle is on its way
 * ```
 *
 * A process that ends in MAKING takes its file along, and one that has sent something its tickets' descriptors.
 *
 * @module
 */

import { AlreadyExistsError, InvalidStateError, NotFoundError } from "../errors.ts";
import type { Ffi } from "../_runtime/ffi.ts";
import { runtime } from "../_runtime/runtime.ts";
import * as segments from "../_runtime/segment.ts";
import type { Segment, SegmentPlace } from "../_runtime/segment.ts";
import { ffi } from "./own_ffi.ts";
import { atThreadEnd } from "./thread_end.ts";

const STATE = 0;
const MAKING = 1;
const READY = 2;
const UNLINKED = 3;
const STAMP = 1;
/** The tickets are all words from here on. */
const TICKETS = 16;
const SENT = 1;
const ARRIVED = 2;

/** So long somebody else may take to make a segment, in milliseconds. */
const PATIENCE = 10_000;
/** How often it is looked at whether what was sent has arrived, in milliseconds. */
const LOOK = 200;
const TRIES = 100;

/** What travels of memory with a name: plain data. */
export interface SentMemory {
  /** The name. */
  readonly name: string;
  /** Where the sender has it open; `null` if everybody finds it by its name. */
  readonly place: SegmentPlace | null;
  /** The ticket; 0 if it has none. */
  readonly ticket: number;
}

/** Mappings whose buffer was collected while they were open. */
const collected = new FinalizationRegistry<Open>((one) => {
  open.delete(one.self);
  segments.release(ffi("close SharedMemory"), one);
});

/** What is to be done when a buffer is gone. */
interface Open extends Pick<Segment, "address" | "length" | "fd"> {
  readonly self: WeakRef<NamedMemory>;
}

/** What is open in this thread. */
const open: Set<WeakRef<NamedMemory>> = new Set();

/** A descriptor that is kept for a handle on its way. */
interface Kept extends Pick<Segment, "address" | "length" | "fd"> {
  readonly control: Int32Array<ArrayBuffer>;
  readonly ticket: number;
}

const kept: Kept[] = [];
let keeper: ReturnType<typeof setInterval> | null = null;

/** Memory with a name, as one thread has it. */
export class NamedMemory {
  /** The name. */
  readonly name: string;
  /** Whether it stays until its name is taken away. */
  readonly isLasting: boolean;
  readonly #system: Ffi;
  /** What only this process can take away at its end, where names are no links. */
  readonly #isOwner: boolean;
  #segment: Segment | null;
  readonly #self: WeakRef<NamedMemory>;

  private constructor(system: Ffi, name: string, segment: Segment, isOwner = false) {
    this.name = name;
    this.isLasting = segment.control === null;
    this.#system = system;
    this.#segment = segment;
    this.#isOwner = isOwner;
    if (isOwner) own(system, name);
    const { address, length, fd } = segment;
    this.#self = new WeakRef(this);
    open.add(this.#self);
    collected.register(segment.buffer, { address, length, fd, self: this.#self }, this);
  }

  /**
   * Creates memory.
   *
   * @param name The name; `null` for one that nobody has.
   * @throws {AlreadyExistsError} If the name is taken.
   * @throws {RangeError} If there is no room.
   * @throws {NotSupportedError} If FFI is not granted, not installed, or not there.
   */
  static create(name: string | null, size: number, isLasting: boolean): NamedMemory {
    const what = "create SharedMemory";
    const system = ffi(what);
    for (let tries = 1;; tries++) {
      const chosen = name ?? `nogil_${randomName()}`;
      let made: NamedMemory | null;
      try {
        made = tryCreate(system, chosen, size, isLasting);
      } catch (cause) {
        if (!segments.saysFull(cause)) throw cause;
        const place = isLasting ? "/dev/shm has" : "the system has";
        throw new RangeError(`Cannot ${what}: ${place} no room for ${size} bytes`, { cause });
      }
      if (made !== null) return made;
      if (name !== null || tries === TRIES) {
        throw new AlreadyExistsError(`Cannot ${what}: the name "${chosen}" is taken`);
      }
    }
  }

  /** Makes memory of a segment; for {@linkcode tryCreate} alone. */
  static of(system: Ffi, name: string, segment: Segment, isOwner: boolean): NamedMemory {
    return new NamedMemory(system, name, segment, isOwner);
  }

  /**
   * Opens memory that somebody has created.
   *
   * @throws {NotFoundError} If there is none of that name.
   * @throws {NotSupportedError} If FFI is not granted, not installed, or not there.
   */
  static open(name: string): NamedMemory {
    const what = "open SharedMemory";
    const system = ffi(what);
    const segment = segments.openLasting(system, name) ?? findReady(system, name);
    if (segment === null) throw new NotFoundError(`Cannot ${what}: there is none named "${name}"`);
    return new NamedMemory(system, name, segment);
  }

  /**
   * Opens memory that has arrived.
   *
   * @throws {NotFoundError} If it is gone.
   */
  static receive({ name, place, ticket }: SentMemory): NamedMemory {
    const system = ffi("open SharedMemory");
    if (place === null || !segments.isNamed(system, place, name)) return NamedMemory.open(name);
    const segment = segments.openHidden(system, place);
    if (segment === null) return NamedMemory.open(name);
    if (ticket !== 0) Atomics.store(segment.control as Int32Array, ticket, ARRIVED);
    return new NamedMemory(system, name, segment);
  }

  /** Whether it is open here. */
  get isOpen(): boolean {
    return this.#segment !== null;
  }

  /**
   * The bytes.
   *
   * @throws {InvalidStateError} If it is closed.
   */
  get buffer(): ArrayBuffer {
    if (this.#segment !== null) return this.#segment.buffer;
    throw new InvalidStateError("Cannot use SharedMemory: it is closed");
  }

  /** Gives what travels. The memory stays while it is on its way, though it may be closed here. */
  send(): SentMemory {
    const segment = this.#segment;
    if (segment === null) throw new InvalidStateError("Cannot send SharedMemory: it is closed");
    const { control } = segment;
    if (control === null) return { name: this.name, place: null, ticket: 0 };
    const ticket = takeTicket(control);
    const fd = ticket === 0 ? segment.fd : segments.openAgain(this.#system, segment.fd);
    if (ticket !== 0) keep(this.#system, fd, ticket);
    return { name: this.name, place: { pid: runtime().pid(), fd }, ticket };
  }

  /** Closes it here: the buffer is detached. */
  close(): void {
    const segment = this.#segment;
    if (segment === null) return;
    this.#segment = null;
    open.delete(this.#self);
    collected.unregister(this);
    segments.retire(this.#system, segment);
    if (this.#isOwner) removeOwned(this.#system, this.name);
  }

  /**
   * Takes the name away; the memory stays until the last one closes it.
   *
   * @throws {NotFoundError} If that was done, or if nobody has it any more.
   */
  unlink(): void {
    if (this.#tryUnlink()) return;
    throw new NotFoundError(`Cannot unlink SharedMemory: there is none named "${this.name}"`);
  }

  #tryUnlink(): boolean {
    if (this.isLasting) {
      owned.delete(this.name);
      return this.#system.shmUnlink(`/${this.name}`);
    }
    const own = this.#segment?.control ?? null;
    if (own !== null) return unlinkIn(own);
    const found = findReady(this.#system, this.name);
    if (found === null) return false;
    const done = unlinkIn(found.control as Int32Array);
    segments.release(this.#system, found);
    return done;
  }
}

/** What this process takes away at its end, where names are no links. */
const owned: Set<string> = new Set();

function own(system: Ffi, name: string): void {
  if (owned.size === 0) {
    runtime().onProcessExit(() => {
      for (const name of owned) removeOwned(system, name);
    });
  }
  owned.add(name);
}

function removeOwned(system: Ffi, name: string): void {
  if (owned.delete(name)) system.shmUnlink(`/${name}`);
}

function unlinkIn(control: Int32Array): boolean {
  return Atomics.compareExchange(control, STATE, READY, UNLINKED) === READY;
}

function randomName(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** Creates memory; `null` if the name is taken. */
function tryCreate(
  system: Ffi,
  name: string,
  size: number,
  isLasting: boolean,
): NamedMemory | null {
  if (isLasting || !segments.hasHiddenNames(system)) {
    if (segments.hasHiddenNames(system) && isTaken(system, name)) return null;
    const segment = segments.createLasting(system, name, size);
    return segment === null ? null : NamedMemory.of(system, name, segment, !isLasting);
  }
  const lasting = segments.openLasting(system, name);
  if (lasting !== null) {
    segments.release(system, lasting);
    return null;
  }
  const segment = segments.createHidden(system, name, size);
  const control = segment.control as Int32Array;
  const stamp = 1 + Math.floor(Math.random() * 0x7ffffffe);
  Atomics.store(control, STAMP, stamp);
  Atomics.store(control, STATE, MAKING);
  if (hasRival(system, name, stamp)) {
    segments.release(system, segment);
    return null;
  }
  Atomics.store(control, STATE, READY);
  return NamedMemory.of(system, name, segment, false);
}

/** Whether somebody else has, or gets, the name. */
function hasRival(system: Ffi, name: string, stamp: number): boolean {
  const since = performance.now();
  for (;;) {
    let isUndecided = false;
    for (const other of eachHidden(system, name)) {
      const state = Atomics.load(other, STATE);
      const theirs = Atomics.load(other, STAMP);
      if (theirs === stamp || state === UNLINKED) continue;
      if (state === READY || state === MAKING && theirs < stamp) return true;
      isUndecided = true;
    }
    if (!isUndecided) return false;
    if (performance.now() - since > PATIENCE) return true;
    pause();
  }
}

function isTaken(system: Ffi, name: string): boolean {
  for (const control of eachHidden(system, name)) {
    if (Atomics.load(control, STATE) !== UNLINKED) return true;
  }
  return false;
}

/** Gives the control words of all segments of a name that do not last, each while it is looked at. */
function* eachHidden(system: Ffi, name: string): Generator<Int32Array> {
  for (const place of segments.findHidden(system, name)) {
    const segment = segments.openHidden(system, place);
    if (segment === null) continue;
    try {
      yield segment.control as Int32Array;
    } finally {
      segments.release(system, segment);
    }
  }
}

/** Finds a segment of a name that is there to be used. */
function findReady(system: Ffi, name: string): Segment | null {
  if (!segments.hasHiddenNames(system)) return null;
  const since = performance.now();
  for (;;) {
    let isMaking = false;
    for (const place of segments.findHidden(system, name)) {
      const segment = segments.openHidden(system, place);
      if (segment === null) continue;
      const state = Atomics.load(segment.control as Int32Array, STATE);
      if (state === READY) return segment;
      if (state !== UNLINKED) isMaking = true;
      segments.release(system, segment);
    }
    if (!isMaking || performance.now() - since > PATIENCE) return null;
    pause();
  }
}

const nap = new Int32Array(new SharedArrayBuffer(4));

function pause(): void {
  Atomics.wait(nap, 0, 0, 1);
}

// -- on the way --

function takeTicket(control: Int32Array): number {
  for (let ticket = TICKETS; ticket < control.length; ticket++) {
    if (Atomics.compareExchange(control, ticket, 0, SENT) === 0) return ticket;
  }
  return 0;
}

/** Keeps a descriptor until what was sent with it has arrived. */
function keep(system: Ffi, fd: number, ticket: number): void {
  const address = system.mmap(fd, segments.CONTROL_BYTES);
  const control = new Int32Array(system.view(address, segments.CONTROL_BYTES));
  kept.push({ control, ticket, address, length: segments.CONTROL_BYTES, fd });
  if (keeper !== null) return;
  keeper = setInterval(letGo, LOOK, system);
  runtime().unrefTimer(keeper);
}

function letGo(system: Ffi): void {
  for (let i = kept.length - 1; i >= 0; i--) {
    const one = kept[i] as Kept;
    if (Atomics.load(one.control, one.ticket) !== ARRIVED) continue;
    Atomics.store(one.control, one.ticket, 0);
    kept.splice(i, 1);
    segments.release(system, one);
  }
  if (kept.length > 0 || keeper === null) return;
  clearInterval(keeper);
  keeper = null;
}

// A worker that has nothing to do may not collect anything for long.
atThreadEnd(() => {
  for (const one of open) one.deref()?.close();
});
