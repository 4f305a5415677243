/**
 * What is said between a thread that starts a process, the keeper, and the child.
 *
 * @module
 */

import type { FamilyTicket } from "../_core/process_family.ts";
import type { SeatPlace } from "../_core/spare_seats.ts";
import type { ChildCommand } from "../_runtime/child_command.ts";
import type { Lineage } from "../_runtime/lineage.ts";
import type { Mapping } from "../_runtime/memory.ts";

/** What the keeper finds in the record of a process that is to start. */
export interface Order {
  /** How the child is started. */
  command: ChildCommand;
  /** The URLs of the modules that the work needs. */
  modules: readonly string[];
  /** Whether the child may use the memory of its relatives. */
  shares: boolean;
  /** What the child knows of itself. */
  lineage: Lineage;
  /** The encoded {@linkcode Work}. */
  work: Uint8Array;
}

/** What a child does. */
export interface Work {
  /** The function to call. */
  target?: (...args: never[]) => unknown;
  /** Its arguments. */
  args: unknown[];
  /** The class whose `run` is called instead. */
  // deno-lint-ignore ban-types -- functions of any signature, classes included
  class?: Function;
  /** The fields of its instance. */
  fields?: Record<string, unknown>;
}

/** What a child is told: what it knows of itself, and what it does. */
export type Assignment = Pick<Order, "lineage" | "work">;

/** What a spare is told, to prepare. */
export interface Preparation {
  /** The URLs of modules that it loads. */
  modules: readonly string[];
  /** Its ticket to the memory of its relatives. */
  ticket: FamilyTicket | null;
  /** Where it may sleep until it gets its work from the main thread; `null`: that comes by the channel. */
  seat: SeatPlace | null;
}

/** A message to the keeper. */
export type ToKeeper =
  /** Nothing: it is there now. */
  | { type: "load" }
  /** The main thread has given a process to the spare on a seat. */
  | { type: "seated"; address: number; seat: number; modules: readonly string[] }
  /** A process gets a signal. */
  | { type: "signal"; address: number; ident: number; signal: string }
  /** Whatever comes from this port goes to a process, and what that sends on its line, to the port. */
  | { type: "line"; ident: number; port: MessagePort }
  /** So many spare processes shall stand by. */
  | { type: "prewarm"; command: ChildCommand; count: number; port: MessagePort };

/** The keeper's answer to `prewarm`: how many stand by, and where their seats are, or why they do not. */
export type Prewarmed = { ready: number; seats: Mapping | null } | { failure: Uint8Array };
