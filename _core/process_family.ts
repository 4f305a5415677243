/**
 * A family of processes: one process and its descendants, which share one arena.
 *
 * The first that needs it creates the memory; a child enters it by a ticket, which its parent gives it when it starts. How
 * a process takes part in its family is written in the header of the arena of its threads, so that each of its threads can
 * take part, too. Each of them becomes an agent of the family when it first touches an object of scope `"process"`.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { type Ffi, SystemError } from "../_runtime/ffi.ts";
import {
  createMapping,
  discardMapping,
  liveness,
  type Mapping,
  needsNamedMemory,
  openMapping,
  processStart,
} from "../_runtime/memory.ts";
import { lineage } from "../_runtime/lineage.ts";
import { runtime } from "../_runtime/runtime.ts";
import { Agent, currentAgent, ownsThreads, setProcessScope } from "./agent.ts";
import { Arena, otherVersion } from "./arena.ts";
import { BusyError } from "./busy_error.ts";
import { printIgnored } from "./ignored_error.ts";
import { takeLatch } from "./latch.ts";
import * as layout from "./layout.ts";
import { agentRecord } from "./layout.ts";
import { SIZES } from "./memory.ts";
import { awaitLoading, ffi, hasFfi } from "./own_ffi.ts";
import { ProcessAgents } from "./process_agents.ts";
import { recall, remember } from "./process_mapping.ts";
import { MappedMemory } from "./process_memory.ts";
import { serveSleeper } from "./process_sleeper.ts";
import { ProcessTable } from "./process_table.ts";
import { ProcessWords } from "./process_words.ts";
import type { SharedWords } from "./shared_words.ts";

/** What a child needs to enter the memory that a family of processes shares; plain JSON. */
export interface FamilyTicket {
  /** The process that gives the ticket. */
  readonly pid: number;
  /** Its descriptor of the memory. */
  readonly fd: number;
  /** The name of the memory, where it has one. */
  readonly name: string | null;
  /** The layout of the memory. */
  readonly version: number;
  /** The tag of the child. */
  readonly process: number;
}

/** This thread in its family. */
interface Family {
  readonly agent: Agent;
  readonly agents: ProcessAgents;
  readonly processes: ProcessTable;
  readonly words: ProcessWords;
  readonly tag: number;
  /** The number of the family. */
  readonly id: number;
}

const { FAMILY_FD, FAMILY_LATCH, FAMILY_POLLS, FAMILY_TAG } = layout;

const ENTER = "enter the memory of the parent process";

/** After so many milliseconds a clean-up is tried again. */
const RETRY = 20;
/** So often another number is tried for the name of the memory. */
const TRIES = 10;

let family: Family | null = null;

/**
 * Gives this thread's agent among the processes; creates their memory if this process has none.
 *
 * @param what What needs it, for the message of an error: `create Lock`.
 * @throws {NotSupportedError} If FFI is not granted, not installed, or not there.
 */
export function processAgent(what = 'use scope "process"'): Agent {
  return takePart(what).agent;
}

/** The number of this process' family; 0 if it has none by now. */
export function familyId(): number {
  if (family !== null) return family.id;
  const isMember = currentAgent().arena.words.load(FAMILY_TAG) !== 0 || lineage().ticket !== null;
  return isMember ? takePart('use scope "process"').id : 0;
}

/**
 * Makes a ticket for a child that is about to be started, and keeps a place for it. `null` if memory cannot be shared
 * between processes here: FFI is not granted (Deno), `koffi` is not installed (Node).
 *
 * @throws {RangeError} If there are too many processes, or no memory.
 */
export function familyTicket(): FamilyTicket | null {
  if (!hasFfi()) return null;
  const { agents, processes, tag, id } = takePart("start process");
  agents.watch();
  const { words } = currentAgent().arena;
  return {
    pid: runtime().pid(),
    fd: words.load(FAMILY_FD),
    name: words.load(FAMILY_POLLS) === 1 ? nameOf(id) : null,
    version: layout.LAYOUT_VERSION,
    process: processes.reserve(tag),
  };
}

/** Says what the system calls the child that was started with a ticket, as soon as that is known. */
export function bindChild(ticket: FamilyTicket, pid: number): void {
  const { processes } = takePart("start process");
  processes.bind(ticket.process, pid, processStart(ffi("start process"), pid));
}

/**
 * Says that the child with a ticket never came, or has ended: what it held is abandoned, what waited in it is skipped.
 * Blocks for as long as the clean-up takes. What goes wrong with that is printed: the caller has to tell those who wait
 * for the end, and whoever waits for something else tries again.
 */
export function releaseTicket(ticket: FamilyTicket): void {
  try {
    takePart("end process").agents.bury(ticket.process);
  } catch (error) {
    // Somebody holds a latch that may have died a moment ago, too; this thread must not wait for him.
    if (error instanceof BusyError) setTimeout(() => releaseTicket(ticket), RETRY);
    else printIgnored("the end of a process", error);
  }
}

/**
 * Makes this process a member of the family from which it got a ticket. A child that was started as one enters when it
 * first needs to, by the ticket in its lineage; any other calls it before anything else touches scope
 * `"process"`.
 *
 * @throws {TypeError} If the other side runs another version of this library.
 * @throws {InvalidStateError} If this process has a family, or the one who gave the ticket is gone.
 * @throws {NotSupportedError} If FFI is not granted, not installed, or not there.
 */
export function enterFamily(ticket: FamilyTicket): void {
  const system = ffi(ENTER);
  const { words } = currentAgent().arena;
  if (words.load(FAMILY_TAG) !== 0) {
    throw new InvalidStateError(`Cannot ${ENTER}: this process has entered another one`);
  }
  openFamily(system, words, ticket);
  takePart(ENTER);
}

/** Serves the other threads of this process: what they were is cleaned up, and their promises get a sleeper. */
export function serveFamily(): void {
  serveSleeper();
}

/** Says that this process is about to end. */
export function leaveFamily(): void {
  awaitLoading();
  const { words } = currentAgent().arena;
  if (words.load(FAMILY_TAG) === 0) return;
  const { words: shared, processes, tag, id } = takePart("end process");
  shared.dismissSleeper();
  if (words.load(FAMILY_POLLS) === 1 && processes.leave(tag)) {
    ffi("end process").shmUnlink(nameOf(id));
  }
}

function takePart(what: string): Family {
  return family ??= becomeAgent(what);
}

function becomeAgent(what: string): Family {
  const system = ffi(what);
  const own = currentAgent();
  const threads = own.arena.words;
  const member = agentRecord(own.id) + layout.A_FAMILY;
  if (threads.load(FAMILY_TAG) === 0) createOnce(system, own, what);
  const tag = threads.load(FAMILY_TAG);
  const memory = new MappedMemory(system, recall(threads));
  const polls = threads.load(FAMILY_POLLS) === 1;
  const words = new ProcessWords(system, memory, { tag, polls, threads, thread: own.id });
  const arena = new Arena(words, memory, "process");
  const processes = openTable(system, words);
  const agents = new ProcessAgents(words, processes, tag);
  // First: whoever cleans up after this thread looks for its agent in the family.
  threads.store(member, ABOUT_TO_BE);
  const agent = new Agent(arena, agents.reserve(tag, own.id), undefined, agents);
  threads.store(member, agent.id);
  agent.q.patience = own.q.patience;
  agents.connect((id) => agent.reap(id));
  if (ownsThreads()) {
    serveSleeper();
    runtime().onProcessExit(leaveFamily);
  }
  return { agent, agents, processes, words, tag, id: words.load(layout.FAMILY) };
}

/** In `A_FAMILY`: it is about to become an agent. */
const ABOUT_TO_BE = -1;

/** Creates the memory, if no other thread of this process has done it by now. */
function createOnce(system: Ffi, own: Agent, what: string): void {
  const { words } = own.arena;
  takeLatch(own.q.agents, FAMILY_LATCH, own.id, Infinity);
  try {
    if (words.load(FAMILY_TAG) === 0) {
      const { ticket } = lineage();
      if (ticket === null) createFamily(system, words);
      else openFamily(system, words, ticket as FamilyTicket);
    }
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    throw new RangeError(`Cannot ${what}: the system gives no shared memory`, { cause });
  } finally {
    if ((words.exchange(FAMILY_LATCH, 0) & layout.CONTENDED) !== 0) words.notify(FAMILY_LATCH, 1);
  }
}

function createFamily(system: Ffi, threads: SharedWords): void {
  const polls = needsNamedMemory(system);
  const [mapping, id] = createMemory(system, polls);
  try {
    const memory = new MappedMemory(system, mapping);
    const words = new ProcessWords(system, memory, { tag: 0, polls, threads, thread: 0 });
    words.store(layout.MAGIC, layout.LAYOUT_VERSION);
    words.store(layout.FAMILY, id);
    const processes = openTable(system, words);
    const tag = processes.reserve(0);
    const pid = runtime().pid();
    processes.enter(tag, pid, processStart(system, pid));
    remember(threads, mapping, tag, polls);
  } catch (error) {
    discardMapping(system, mapping, polls ? nameOf(id) : null);
    throw error;
  }
}

/** Opens the memory of the family that this process has a ticket to. */
function openFamily(system: Ffi, threads: SharedWords, ticket: FamilyTicket): void {
  if (ticket.version !== layout.LAYOUT_VERSION) throw otherVersion();
  let mapping: Mapping;
  try {
    mapping = openMapping(system, ticket.pid, ticket.fd, ticket.name);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    throw new InvalidStateError(`Cannot ${ENTER}: it is gone`, { cause });
  }
  const polls = ticket.name !== null;
  const memory = new MappedMemory(system, mapping);
  const words = new ProcessWords(system, memory, {
    tag: ticket.process,
    polls,
    threads,
    thread: 0,
  });
  const pid = runtime().pid();
  if (!openTable(system, words).enter(ticket.process, pid, processStart(system, pid))) {
    throw new InvalidStateError(`Cannot ${ENTER}: nobody waits for this process any more`);
  }
  remember(threads, mapping, ticket.process, polls);
}

function createMemory(system: Ffi, polls: boolean): [Mapping, number] {
  for (let tries = 1;; tries++) {
    const id = 1 + Math.floor(Math.random() * 0x7ffffffe);
    try {
      return [createMapping(system, SIZES, polls ? nameOf(id) : null), id];
    } catch (error) {
      // The name may be taken.
      if (!polls || tries === TRIES) throw error;
    }
  }
}

function nameOf(id: number): string {
  return `/nogil-${id.toString(36)}`;
}

function openTable(system: Ffi, words: SharedWords): ProcessTable {
  return new ProcessTable(words, (pid, start) => liveness(system, pid, start) === "dead");
}

/** How the threads of a family wake each other's promises, for words that lie elsewhere than in its arena. */
export interface FamilyBells {
  /** What this thread is in the family. */
  readonly agent: number;
  /** Whether nobody can ring: who waits has to look again and again. */
  readonly polls: boolean;
  /** Rings for a thread of the family. */
  ring(agent: number): void;
  /** Gives a number that changes when this thread is rung for. */
  seen(): number;
  /** Resolves when it differs from what was seen, or after a time in milliseconds; keeps nothing alive. */
  rung(seen: number, ms: number): Promise<unknown>;
  /** Blocks for a time in milliseconds. */
  pause(ms: number): void;
}

/**
 * Gives the bells of this thread's family.
 *
 * @throws {NotSupportedError} If FFI is not granted, not installed, or not there.
 */
export function familyBells(): FamilyBells {
  const { agent, words } = takePart("wait");
  return {
    agent: agent.id,
    polls: currentAgent().arena.words.load(FAMILY_POLLS) === 1,
    ring: (other) => words.ringFor(other),
    seen: () => words.rings(),
    rung: (seen, ms) => words.ringsChange(seen, ms),
    pause: (ms) => words.pause(ms),
  };
}

setProcessScope({
  agent: processAgent,
  current: () => family?.agent ?? null,
  member() {
    const isMember = currentAgent().arena.words.load(FAMILY_TAG) !== 0;
    return isMember ? takePart("look at locks").agent : null;
  },
  forThread(thread, visit) {
    const { words } = currentAgent().arena;
    if (words.load(agentRecord(thread) + layout.A_FAMILY) === 0) return;
    const { agents, agent } = takePart("end thread");
    for (const id of agents.ofThread(thread)) visit(agent, id);
  },
});
