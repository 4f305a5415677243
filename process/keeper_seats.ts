/**
 * The keeper's end of the seats of spares, and what it knows of those who sit there. See `spare_seats.ts`.
 *
 * The main thread takes a spare before the keeper hears of it: the spare may even have ended by then.
 *
 * @module
 */

import { loadFfi } from "../_core/own_ffi.ts";
import { type SeatPlace, SpareSeats } from "../_core/spare_seats.ts";
import type { ChildCommand } from "../_runtime/child_command.ts";
import type { ChildEnd } from "../_runtime/child_process.ts";
import type { Mapping } from "../_runtime/memory.ts";
import type { Child, Sent } from "./child.ts";
import { seatKey } from "./seated.ts";

/** The spares that are started in one way. */
export interface Shelf {
  /** How they are started. */
  readonly command: ChildCommand;
  /** How many shall stand by. */
  wanted: number;
  /** Those who do, or are about to. */
  readonly spares: Set<Child>;
  /** Who waits for them. */
  waiting: MessagePort[];
  /** Refills the shelf. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** A spare on a seat, or what has become of it. */
export interface Seated {
  /** The spare. */
  readonly child: Child;
  /** Where it was on. */
  readonly shelf: Shelf;
  /** How it has ended, if that was before the keeper heard what for. */
  end: { end: ChildEnd | Error; sent: Sent | null } | null;
  /** Whether it is known who has taken it. */
  isKnown: boolean;
  /** Whether nothing is left of it. */
  isBuried: boolean;
}

/** Who sits where. */
export class KeeperSeats {
  readonly #seats: SpareSeats;
  readonly #seated: Map<number, Seated> = new Map();

  constructor(seats: SpareSeats) {
    this.#seats = seats;
  }

  /** Makes seats; `null` where there can be none. */
  static create(): KeeperSeats | null {
    loadFfi();
    const seats = SpareSeats.create();
    return seats === null ? null : new KeeperSeats(seats);
  }

  /** Where the memory of the seats is in this process. */
  get mapping(): Mapping {
    return this.#seats.mapping;
  }

  /** Finds a seat for a new spare, or none. */
  offer(child: Child, shelf: Shelf): SeatPlace | null {
    const place = this.#seats.reserve(seatKey(shelf.command, child.surroundings), child.pid);
    if (place === null) return null;
    const seated = { child, shelf, end: null, isKnown: false, isBuried: false };
    this.#seated.set(place.index, seated);
    return place;
  }

  /** Takes a spare for the keeper; `false` if the main thread has taken it. */
  claim({ seat }: Child): boolean {
    const seated = seat === null ? undefined : this.#seated.get(seat);
    if (seat === null || seated === undefined) return true;
    if (!seated.isKnown) seated.isKnown = this.#seats.call(seat);
    return seated.isKnown;
  }

  /** Remembers the end of a spare until it is known who has taken it. */
  hold({ seat }: Child, end: ChildEnd | Error, sent: Sent | null): void {
    const seated = seat === null ? undefined : this.#seated.get(seat);
    if (seated !== undefined) seated.end = { end, sent };
  }

  /** Gives the spare that the main thread has taken from a seat. */
  taken(seat: number): Seated {
    const seated = this.#seated.get(seat);
    if (seated === undefined) throw new Error(`Nobody sits on seat ${seat}`);
    seated.isKnown = true;
    return seated;
  }

  /** Says that the keeper knows how a process has ended; `false` if the main thread has written that down already. */
  settle({ seat }: Child): boolean {
    return seat === null || this.#seats.settle(seat);
  }

  /** Frees the seat of a process of which nothing is left, as soon as it is known who has taken it. */
  leave(child: Child): void {
    const { seat } = child;
    const seated = seat === null ? undefined : this.#seated.get(seat);
    if (seat === null || seated === undefined) return;
    seated.isBuried = true;
    if (!seated.isKnown) return;
    this.#seated.delete(seat);
    this.#seats.free(seat);
    child.seat = null;
  }
}
