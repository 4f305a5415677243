/**
 * The seat of a worker: how it claims tasks, answers them, and sleeps.
 *
 * ```text
 * claim   h = HEAD; HAZARD = h; cas(HEAD, h, h + len)          or again
 *         lane = position, slot; cas(STATE, QUEUED, BEGUN)     CANCELLED: answer "skipped"; MOVED: leave it alone
 *         read the body; HAZARD = none; ring the owner if tasks wait for room
 *         had the search role: drop it, and wake the next if more is there
 * answer  write the record; store RESULT_TAIL; lane = free; ring the owner if he has armed his bell
 * sleep   HAZARD = none, as above; BELL = 0; one CAS: my bit on, role off. Look again. Wait on BELL.
 * rise    bit off; it was off already: a waker has given me the role
 * ```
 *
 * @module
 */

import type { SharedWords } from "./shared_words.ts";
import {
  ARMED_FOR_ROOM,
  BEGUN,
  CANCELLED,
  HEAD,
  L_ABORT,
  L_ITEM,
  L_POSITION,
  L_SLOT,
  LANE_WORDS,
  NONE,
  OWNER_BELL,
  PAD,
  POSITIONS,
  QUEUED,
  RESULT_WORDS,
  S_BELL,
  S_FULL,
  S_HAZARD,
  S_LANES,
  S_RESULT_HEAD,
  S_RESULT_TAIL,
  SEARCHING,
  STOP,
  STOP_RETURN,
  TAIL,
  TASK_WORDS,
  URGENT,
  URGENT_HEAD,
  URGENT_TAIL,
} from "./task_layout.ts";
import type { TaskMemory } from "./task_memory.ts";

/** What a claim has brought. */
export type Claim = "empty" | "task" | "cancelled" | "again";

/** So many looks at the rings between two looks at the clock. */
const LOOKS = 40;

/** A worker's place in the memory of a pool. */
export class TaskSeat {
  /** The number of the seat. */
  readonly index: number;
  /** The first word of the seat. */
  readonly at: number;
  /** The claimed task: its slot. */
  slot = 0;
  /** The claimed task: its function and the kind of its body. */
  op = 0;
  /** The claimed task: how long its body is, in bytes or numbers. */
  length = 0;
  /** The claimed task: when it was sent, or 0. */
  sent = 0;
  /** The claimed task: the first unit after its header. */
  body = 0;
  readonly #memory: TaskMemory;
  readonly #words: SharedWords;
  readonly #idleWord: number;
  readonly #bit: number;
  readonly #results: number;
  readonly #resultMask: number;
  #resultTail: number;
  /** How far the owner had read when there was no room. */
  #seenHead = 0;
  #searching = false;

  /** Sits down. */
  constructor(memory: TaskMemory, index: number) {
    this.#memory = memory;
    this.#words = memory.words;
    this.index = index;
    this.at = memory.layout.seat(index);
    this.#idleWord = memory.idleWord(index);
    this.#bit = 1 << (index % 30);
    this.#results = memory.layout.results + index * memory.layout.resultUnits;
    this.#resultMask = memory.layout.resultUnits - 1;
    this.#resultTail = this.#words.load(this.at + S_RESULT_TAIL);
  }

  /** Gives the first word of a lane. */
  lane(index: number): number {
    return this.at + S_LANES + index * LANE_WORDS;
  }

  /** Gives the first word of a lane in which no task is, or -1. */
  freeLane(): number {
    for (let k = 0; k < this.#memory.geometry.lanes; k++) {
      const lane = this.lane(k);
      if (this.#words.get(lane + L_SLOT) === 0) return lane;
    }
    return -1;
  }

  /** Whether there is nothing to claim. */
  get empty(): boolean {
    const words = this.#words;
    return words.load(HEAD) === words.load(TAIL) &&
      words.load(URGENT_HEAD) === words.load(URGENT_TAIL);
  }

  /** Whether the owner wants the workers to leave. */
  get stopped(): boolean {
    return this.#words.load(STOP) !== 0;
  }

  /** Whether the program ends. */
  get ending(): boolean {
    return this.#words.load(STOP) === STOP_RETURN;
  }

  /**
   * Claims the next task for a lane, the urgent ones first. After `"task"`, its body has to be read and
   * {@linkcode accept} called.
   */
  claim(lane: number): Claim {
    const words = this.#words;
    const { layout, geometry } = this.#memory;
    let head = words.load(URGENT_HEAD);
    if (head !== words.load(URGENT_TAIL)) {
      return this.#claimAt(
        lane,
        head,
        URGENT_HEAD,
        layout.urgent,
        geometry.urgentBytes / 8 - 1,
        URGENT,
      );
    }
    head = words.load(HEAD);
    if (head === words.load(TAIL)) return "empty";
    return this.#claimAt(lane, head, HEAD, layout.main, geometry.mainBytes / 8 - 1, 0);
  }

  #claimAt(
    lane: number,
    head: number,
    headWord: number,
    base: number,
    mask: number,
    flag: number,
  ): Claim {
    const words = this.#words;
    words.store(this.at + S_HAZARD, head | flag);
    const unit = base + (head & mask);
    const at = unit * 2;
    const units = words.get(at);
    if (words.compareExchange(headWord, head, (head + units) & POSITIONS) !== head) return "again";
    if (words.get(at + 1) === PAD) return "again";
    this.slot = words.get(at + 2);
    words.set(lane + L_ITEM, 0);
    words.set(lane + L_ABORT, 0);
    words.set(lane + L_POSITION, head | flag);
    words.store(lane + L_SLOT, this.slot + 1);
    const state = words.compareExchange(at + 1, QUEUED, BEGUN);
    if (state !== QUEUED) {
      words.store(this.at + S_HAZARD, NONE);
      if (state === CANCELLED) return "cancelled";
      words.store(lane + L_SLOT, 0);
      return "again";
    }
    this.op = words.get(at + 3);
    this.length = words.get(at + 4);
    this.sent = words.get(at + 5);
    this.body = unit + TASK_WORDS / 2;
    return "task";
  }

  /** Lets the record of the claimed task be overwritten, and passes the search on. */
  accept(): void {
    this.#leaveRecord();
    if (this.#searching) this.passOn();
  }

  #leaveRecord(): void {
    this.#words.store(this.at + S_HAZARD, NONE);
    if (this.#words.load(OWNER_BELL) === ARMED_FOR_ROOM) this.ringOwner();
  }

  /** Drops the search role; somebody else gets it if there is more to do. */
  passOn(): void {
    if (!this.#searching) return;
    this.#searching = false;
    this.#words.and(this.#idleWord, ~SEARCHING);
    if (!this.empty) this.#memory.wakeOne();
  }

  /** Takes the search role, if it is free; who has it may spin. */
  search(): boolean {
    if (this.#searching) return true;
    const words = this.#words;
    const value = words.load(this.#idleWord);
    this.#searching = (value & SEARCHING) === 0 &&
      words.compareExchange(this.#idleWord, value, value | SEARCHING) === value;
    return this.#searching;
  }

  /** Looks at the rings for a time in milliseconds; tells whether there is something. */
  spin(milliseconds: number): boolean {
    const end = performance.now() + milliseconds;
    do {
      for (let look = 0; look < LOOKS; look++) if (!this.empty) return true;
    } while (performance.now() < end);
    return false;
  }

  /**
   * Lies down: from now on a waker may ring. `false` if there is something to do after all.
   *
   * {@linkcode rise} has to follow in any case.
   */
  lieDown(): boolean {
    const words = this.#words;
    this.#leaveRecord();
    words.store(this.at + S_BELL, 0);
    for (;;) {
      const value = words.load(this.#idleWord);
      const lying = this.#searching ? (value | this.#bit) & ~SEARCHING : value | this.#bit;
      if (words.compareExchange(this.#idleWord, value, lying) === value) break;
    }
    this.#searching = false;
    return this.empty && !this.stopped;
  }

  /** Blocks until the bell rings, for at most a time in milliseconds. */
  sleep(milliseconds: number): void {
    this.#words.wait(this.at + S_BELL, 0, milliseconds);
  }

  /** Resolves when the bell rings; `null` if it has. */
  slumber(): Promise<unknown> | null {
    return this.#words.waitAsync(this.at + S_BELL, 0);
  }

  /** Gets up. A bit that is gone was taken by a waker, who gave me the search role. */
  rise(): void {
    this.#searching = (this.#words.and(this.#idleWord, ~this.#bit) & this.#bit) === 0;
  }

  /** Tells the owner, if he sleeps, that there is a result. */
  ringOwner(): void {
    const words = this.#words;
    if (words.load(OWNER_BELL) === 0) return;
    if (words.exchange(OWNER_BELL, 0) !== 0) words.notify(OWNER_BELL, Infinity);
  }

  /** Makes room for a result in the ring and writes its header. Gives the unit of its body, or -1 if the ring is full. */
  reserve(slot: number, op: number, length: number, units: number): number {
    const words = this.#words;
    const size = this.#resultMask + 1;
    const total = RESULT_WORDS / 2 + units;
    const rest = size - (this.#resultTail & this.#resultMask);
    const need = rest < total ? total + rest : total;
    const head = words.load(this.at + S_RESULT_HEAD);
    if (size - ((this.#resultTail - head) & POSITIONS) < need) {
      this.#seenHead = head;
      return -1;
    }
    if (rest < total) {
      const pad = (this.#results + (this.#resultTail & this.#resultMask)) * 2;
      words.set(pad, rest);
      words.set(pad + 1, NONE);
      this.#resultTail = (this.#resultTail + rest) & POSITIONS;
    }
    const unit = this.#results + (this.#resultTail & this.#resultMask);
    const at = unit * 2;
    words.set(at, total);
    words.set(at + 1, slot);
    words.set(at + 2, op);
    words.set(at + 3, length);
    this.#resultTail = (this.#resultTail + total) & POSITIONS;
    return unit + RESULT_WORDS / 2;
  }

  /** Makes the reserved result visible. */
  publish(): void {
    this.#words.store(this.at + S_RESULT_TAIL, this.#resultTail);
  }

  /** Blocks until the owner has read something since there was no room, for at most a time in milliseconds. */
  waitForRoom(milliseconds: number): void {
    const words = this.#words;
    this.ringOwner();
    words.store(this.at + S_FULL, 1);
    words.wait(this.at + S_RESULT_HEAD, this.#seenHead, milliseconds);
  }

  /** Resolves when the owner has read something since there was no room; `null` if he has. */
  roomChange(): Promise<unknown> | null {
    const words = this.#words;
    this.ringOwner();
    words.store(this.at + S_FULL, 1);
    return words.waitAsync(this.at + S_RESULT_HEAD, this.#seenHead);
  }

  /** Frees a lane whose task has ended. */
  leave(lane: number): void {
    this.#words.store(lane + L_SLOT, 0);
  }
}
