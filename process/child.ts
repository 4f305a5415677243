/**
 * A child process, on the keeper's side.
 *
 * ```text
 * BOOTING ──both connections──→ READY ──assign──→ BUSY ──"exiting"──→ ENDED ──exit seen, channel closed──→ GONE
 *    └────────────────────────── exit before it reported ───────────────────────────────────────↗
 * ```
 *
 * The socket exists until both connections are there, or the only one that the child makes where the system watches for the
 * end of this process, or the child is gone. What the child has sent before its end is read
 * to the last byte, so that an outcome counts however soon after it the child has ended. A child that has ended in order says
 * so, since the system takes some milliseconds to take its memory away.
 *
 * @module
 */

import { encode } from "../_core/codec.ts";
import {
  bindChild,
  type FamilyTicket,
  familyTicket,
  releaseTicket,
} from "../_core/process_family.ts";
import type { SeatPlace } from "../_core/spare_seats.ts";
import type { ChildCommand } from "../_runtime/child_command.ts";
import { type ChildEnd, type ChildHandle, spawnChild } from "../_runtime/child_process.ts";
import { FLAGGED } from "../_runtime/child_self.ts";
import { filePath } from "../_runtime/child_socket.ts";
import {
  listenLocal,
  type LocalListener,
  type LocalSocket,
  type SocketEvents,
} from "../_runtime/local_socket.ts";
import { CHANNEL, isRestricted } from "../_runtime/permissions.ts";
import { runtime } from "../_runtime/runtime.ts";
import {
  ALONE,
  CONTROL,
  ERROR,
  exitCodeOf,
  EXITING,
  frame,
  FrameReader,
  HELLO,
  KEY_VARIABLE,
  LINE,
  makeKey,
  PREPARE,
  PREPARED,
  REQUEST,
  RESULT,
  roleOf,
  WATCH,
  welcome,
} from "./frames.ts";
import type { Assignment, Order, Preparation } from "./orders.ts";
import { postBytes } from "./post_bytes.ts";

/** What a child has sent of its outcome. */
export interface Sent {
  /** Which of the two. */
  kind: "result" | "error";
  /** The result or the error, encoded. */
  bytes: Uint8Array;
}

/** Who is told of a child. */
export interface ChildEvents {
  /** It exists, under this id. */
  onSpawn(pid: number): void;
  /** It waits for what it shall do. */
  onReady(): void;
  /** All its code has run, or it is gone. */
  onGone(end: ChildEnd | Error, sent: Sent | null): void;
  /** Nothing is left of it. */
  onBuried?(): void;
}

/** So often it is looked whether all that a child has sent before its end was read, in milliseconds. */
const LAST_BREATH = 100;
/** So many looks it may take: by the clock, a machine that stood still would cost an outcome. */
const LOOKS = 10;
/** So long the runtime may take to end a child that has said that it exits, in milliseconds. */
const EXIT_TIME = 3000;

/** Gives the frame that says what a child is and what it shall do. */
export function requestFrame({ lineage, work }: Order, ticket: FamilyTicket | null): Uint8Array {
  const assignment: Assignment = { work, lineage: { ...lineage, ticket } };
  return frame(REQUEST, encode(assignment, "thread").bytes);
}

/** A child process. */
export class Child {
  /** Who is told. */
  events: ChildEvents;
  /** The id of the process; 0 until it exists. */
  pid = 0;
  /** The URLs of the modules that it loads if it has to stand by. */
  preload: readonly string[] = [];
  /** The environment and the folder in which it was started, if it has to stand by. */
  surroundings = "";
  /** Gives its seat, if it has to stand by and there is one. */
  findSeat: () => SeatPlace | null = () => null;
  /** The seat, if it has one. */
  seat: number | null = null;
  /** Whether it was told to end. */
  signalled = false;
  /** Whether it has ever been connected. */
  hasReported = false;
  /** Whether it is prepared, and waits for what it shall do. */
  ready = false;
  /** What the child and this side show each other; `""` at a socket that nobody else can reach. */
  #key: string;
  /** Connections that have not said yet what they are. */
  readonly #strangers: Set<LocalSocket> = new Set();
  #listener: LocalListener | null = null;
  #handle: ChildHandle | null = null;
  #control: LocalSocket | null = null;
  #watch: LocalSocket | null = null;
  /** Whether the system watches for the end of this process in place of the child. */
  #isAlone = false;
  #order: Order | null = null;
  #ticket: FamilyTicket | null = null;
  #signals: string[] = [];
  #sent: Sent | null = null;
  #end: ChildEnd | Error | null = null;
  /** What kept it from being told what it shall do. */
  #failure: Error | null = null;
  #line: MessagePort | null = null;
  #unread: Uint8Array[] = [];
  #unsent: Uint8Array[] = [];
  #gone = false;
  #announced = false;

  /** Starts a child. */
  constructor(command: ChildCommand, events: ChildEvents) {
    this.events = events;
    this.#key = makeKey();
    void this.#boot(command);
  }

  /** Says what the child shall do, now or as soon as it is ready. */
  assign(order: Order): void {
    this.#order = order;
    if (this.#control !== null) this.#send(this.#control, order);
  }

  /** Connects the child's line with a port, which is closed when the child has ended. */
  connectLine(port: MessagePort): void {
    this.#line = port;
    runtime().onPortMessage(port, (data) => {
      if (Array.isArray(data)) return this.#setFlags(data as number[]);
      const bytes = frame(LINE, new Uint8Array(data as ArrayBuffer));
      if (this.#control === null) this.#unsent.push(bytes);
      else this.#control.send(bytes);
    }, () => {
      this.#line = null;
    });
    for (const bytes of this.#unread.splice(0)) postBytes(port, bytes);
  }

  /** Sets words that the child sees while it computes: pairs of an index and a value. */
  #setFlags(pairs: readonly number[]): void {
    const bytes = new Uint8Array(pairs.length * 4);
    const view = new DataView(bytes.buffer);
    pairs.forEach((number, k) => view.setInt32(k * 4, number, true));
    this.#watch?.send(bytes);
  }

  /** Sends a signal to the child, as soon as it exists. */
  signal(signal: string): void {
    this.signalled = true;
    if (this.#handle === null) this.#signals.push(signal);
    else if (this.#end === null) this.#handle.kill(signal);
  }

  async #boot({ command, args, flagged }: ChildCommand): Promise<void> {
    try {
      const listener = await listenLocal((socket) => this.#accept(socket), isRestricted(args));
      this.#listener = listener;
      const { address } = listener;
      const path = filePath(address);
      if (path !== null) this.#key = "";
      const own = args.map((arg) => arg.replaceAll(CHANNEL, path ?? ""));
      const all = [...own, address, ...(flagged ? [FLAGGED] : [])];
      const env: Record<string, string> = this.#key === "" ? {} : { [KEY_VARIABLE]: this.#key };
      this.#handle = spawnChild(command, all, env, (end) => this.#exited(end));
      this.pid = this.#handle.pid;
      if (this.pid > 0) this.events.onSpawn(this.pid);
      for (const signal of this.#signals.splice(0)) this.#handle.kill(signal);
    } catch (error) {
      this.#exited(error as Error);
    }
  }

  /** Gives the events of a connection, which says first which of the two it is. */
  #accept(socket: LocalSocket): SocketEvents {
    let role = 0;
    this.#strangers.add(socket);
    const reader = new FrameReader((type, payload) => {
      if (role === 0 && type === HELLO) {
        role = roleOf(payload, this.#key);
        if (role !== 0) this.#strangers.delete(socket);
        if (role === ALONE) {
          role = CONTROL;
          this.#isAlone = true;
        }
        if (role === CONTROL && this.#control === null) return this.#connected(socket);
        if (role === WATCH && this.#watch === null) {
          this.#watch = socket;
          return this.#unlisten();
        }
      } else if (role === CONTROL && (type === RESULT || type === ERROR)) {
        this.#sent ??= { kind: type === RESULT ? "result" : "error", bytes: payload };
        return;
      } else if (role === CONTROL && type === LINE) {
        if (this.#line === null) this.#unread.push(payload);
        else postBytes(this.#line, payload);
        return;
      } else if (role === CONTROL && type === EXITING && payload.length === 4) {
        // Who has nothing left to do and does not end has been kept from it.
        setTimeout(() => this.signal("SIGKILL"), EXIT_TIME);
        return this.#announce({ code: exitCodeOf(payload), signal: null });
      } else if (role === CONTROL && type === PREPARED) {
        this.ready = true;
        return this.events.onReady();
      }
      // Nobody whom we know.
      socket.close();
    });
    return {
      onData: (bytes) => reader.push(bytes),
      onClose: () => {
        this.#strangers.delete(socket);
        if (this.#control !== socket) return;
        this.#control = null;
        this.#finish();
      },
    };
  }

  #connected(socket: LocalSocket): void {
    this.#control = socket;
    this.hasReported = true;
    this.#unlisten();
    socket.send(welcome(this.#key));
    if (this.#order === null) this.#prepare(socket);
    else this.#send(socket, this.#order);
  }

  #prepare(socket: LocalSocket): void {
    let ticket: FamilyTicket | null;
    try {
      ticket = this.#makeTicket();
    } catch (error) {
      return this.#fail(error as Error);
    }
    const seat = this.findSeat();
    this.seat = seat?.index ?? null;
    const preparation: Preparation = { modules: this.preload, ticket, seat };
    socket.send(frame(PREPARE, encode(preparation, "thread").bytes));
  }

  #send(socket: LocalSocket, order: Order): void {
    this.#order = null;
    let ticket: FamilyTicket | null;
    try {
      ticket = order.shares ? this.#makeTicket() : null;
    } catch (error) {
      return this.#fail(error as Error);
    }
    socket.send(requestFrame(order, ticket));
    for (const bytes of this.#unsent.splice(0)) socket.send(bytes);
  }

  #makeTicket(): FamilyTicket | null {
    if (this.#ticket !== null) return this.#ticket;
    this.#ticket = familyTicket();
    if (this.#ticket !== null) bindChild(this.#ticket, this.pid);
    return this.#ticket;
  }

  #unlisten(force = false): void {
    const isWatched = this.#isAlone || this.#watch !== null;
    if (!force && (this.#control === null || !isWatched)) return;
    this.#listener?.close();
    for (const stranger of this.#strangers) stranger.close();
  }

  #exited(end: ChildEnd | Error): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.ready = false;
    if (this.#control === null) return this.#finish();
    this.#hearOut(LOOKS);
  }

  /** Closes the control channel if the child's end does not: somebody else may have it. */
  #hearOut(looks: number): void {
    if (this.#control === null) return;
    if (looks === 0) return this.#control.close();
    setTimeout(() => this.#hearOut(looks - 1), LAST_BREATH);
  }

  #finish(): void {
    if (this.#end === null || this.#control !== null || this.#gone) return;
    this.#gone = true;
    try {
      this.#watch?.close();
      this.#unlisten(true);
      if (this.#ticket !== null) releaseTicket(this.#ticket);
    } finally {
      // Whatever happens: somebody may wait for it.
      this.#announce(this.#failure ?? this.#end);
      this.events.onBuried?.();
    }
  }

  /** Ends the child, which cannot be told what it shall do. */
  #fail(error: Error): void {
    this.#failure = error;
    this.signal("SIGKILL");
  }

  /** Tells how the child has ended, once: it may say so itself, some milliseconds before it is gone. */
  #announce(end: ChildEnd | Error): void {
    if (this.#announced) return;
    this.#announced = true;
    this.events.onGone(end, this.#sent);
    this.#line?.close();
  }
}
