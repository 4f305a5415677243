/**
 * Processes that die before any write of what they do to enter a family, to leave it, and to clean up after each other.
 *
 * @module
 */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { Agent } from "../../_core/agent.ts";
import { Arena } from "../../_core/arena.ts";
import { TAKEN, TAKEN_ABANDONED } from "../../_core/kind.ts";
import * as layout from "../../_core/layout.ts";
import { agentRecord, processRecord } from "../../_core/layout.ts";
import { tryLock } from "../../_core/lock_kind.ts";
import { BufferMemory } from "../../_core/memory.ts";
import { ProcessAgents } from "../../_core/process_agents.ts";
import { ProcessTable } from "../../_core/process_table.ts";
import type { WaitResult } from "../../_core/shared_words.ts";
import { Kill, SimWords } from "./sim_words.ts";
import { createMemory } from "./world.ts";

/** Words on which nobody sleeps: who waits looks again at once. */
class SleeplessWords extends SimWords {
  override wait(): WaitResult {
    return "timed-out";
  }
}

const memory = createMemory();
const words = new SleeplessWords(memory);

/** What the system knows: the processes that run, by id, and when they began. */
type System = Map<number, number>;

/** A process with one thread. */
class Process {
  readonly table: ProcessTable;
  readonly tag: number;
  readonly agents: ProcessAgents;
  readonly agent: Agent;

  constructor(system: System, pid: number, tag: number) {
    const arena = new Arena(words, new BufferMemory(memory), "process");
    this.table = tableOf(system);
    this.tag = tag;
    assert(this.table.enter(tag, pid, system.get(pid) as number));
    this.agents = new ProcessAgents(words, this.table, tag);
    this.agent = new Agent(arena, this.agents.reserve(tag, 1), undefined, this.agents);
    this.agents.connect((id) => this.agent.reap(id));
  }
}

function tableOf(system: System): ProcessTable {
  return new ProcessTable(words, (pid, start) => system.get(pid) !== start);
}

/** A family of three: pids 10, 11 and 12, the first the parent of the others. */
function makeFamily(): [System, Process, Process, Process] {
  words.clean();
  const system: System = new Map([[10, 1], [11, 2], [12, 3]]);
  const first = new Process(system, 10, tableOf(system).reserve(0));
  const [second, third] = [11, 12].map((pid) =>
    new Process(system, pid, first.table.reserve(first.tag))
  ) as [Process, Process];
  return [system, first, second, third];
}

/** Runs something; gives whether it was killed. */
function isKilled(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (!(error instanceof Kill)) throw error;
    return true;
  } finally {
    words.disarm();
  }
}

/** Lets it seem long ago that anybody looked. */
function passTime(): void {
  for (let slot = 1; slot <= words.peek(layout.PROCESSES); slot++) {
    words.poke(processRecord(slot) + layout.P_CHECKED, (Date.now() - 10_000) | 0);
  }
}

/** Agents that are alive, and dead ones or those about to be. */
function agentStates(): number[] {
  const states: number[] = [];
  for (let id = 1; id <= words.peek(layout.AGENTS); id++) {
    states.push(words.peek(agentRecord(id)) & 3);
  }
  return states;
}

Deno.test("A process that has died is found, and what it held is free again", () => {
  const [system, first, second, third] = makeFamily();
  const { agent } = second;
  const lock = agent.arena.allocateObject(layout.TYPE_LOCK);
  assertEquals(tryLock(agent.q, lock), TAKEN);
  first.agents.watch();
  assertFalse(first.table.isGone(second.tag));
  system.delete(11);
  first.agents.watch();
  assertFalse(first.table.isGone(second.tag), "somebody has looked a moment ago");
  passTime();
  third.agents.watch();
  assert(first.table.isGone(second.tag));
  assertEquals(tryLock(third.agent.q, lock), TAKEN_ABANDONED);
  assertEquals(first.table.all(), [first.tag, third.tag]);
  assertEquals(agentStates(), [1, 0, 1]);
});

Deno.test("A process with the id of a dead one is another one", () => {
  const [system, first, second] = makeFamily();
  system.set(11, 99);
  passTime();
  first.agents.watch();
  assert(first.table.isGone(second.tag));
});

Deno.test("A process slot that is used again does not belong to the old tag", () => {
  const [system, first, second] = makeFamily();
  system.delete(11);
  first.agents.bury(second.tag);
  const tag = first.table.reserve(first.tag);
  assertEquals([tag & 1023, tag === second.tag], [second.tag & 1023, false]);
  assertFalse(first.table.enter(second.tag, 11, 2));
  first.table.bind(second.tag, 11, 2);
  first.agents.bury(second.tag);
  system.set(13, 4);
  const fourth = new Process(system, 13, tag);
  first.agents.bury(second.tag);
  passTime();
  first.agents.watch();
  assertFalse(first.table.isGone(fourth.tag));
  assertEquals(agentStates().filter((state) => state === layout.AGENT_ALIVE).length, 3);
});

Deno.test("A process that waits for a latch of a dead one looks whether it lives", () => {
  const [system, , second, third] = makeFamily();
  const lock = second.agent.arena.allocateObject(layout.TYPE_LOCK);
  words.store(lock + layout.LATCH, second.agent.id);
  third.agents.watch();
  system.delete(11);
  third.agents.look(second.agent.id);
  assertFalse(third.agents.isDead(second.agent.id), "somebody has looked a moment ago");
  passTime();
  third.agents.look(second.agent.id);
  assert(third.agents.isDead(second.agent.id));
  third.agent.q.latch(lock);
  assertEquals(words.peek(lock + layout.LATCH) & layout.ID, third.agent.id);
});

Deno.test("A child that never came goes with its parent, unless it has come by then", () => {
  const [system, first, second, third] = makeFamily();
  const never = second.table.reserve(second.tag);
  const bound = second.table.reserve(second.tag);
  system.set(14, 5);
  second.table.bind(bound, 14, 5);
  system.delete(11);
  for (let i = 0; i < 2; i++) {
    passTime();
    first.agents.watch();
  }
  assertEquals(first.table.all(), [first.tag, third.tag, bound]);
  assert(first.table.isGone(never));
  assert(first.table.enter(bound, 14, 5));
});

Deno.test("A process may die before any write of its entry", () => {
  for (let k = 0;; k++) {
    const [system, first, , third] = makeFamily();
    const tag = first.table.reserve(first.tag);
    system.set(15, 6);
    words.arm(k);
    const killed = isKilled(() => new Process(system, 15, tag));
    if (!killed) {
      assert(k > 20);
      return;
    }
    system.delete(15);
    passTime();
    third.agents.watch();
    // If it had not said who it was, only its parent knows.
    if (!third.table.isGone(tag)) first.agents.bury(tag);
    assertEquals(first.table.all().length, 3);
    assertEquals(agentStates().filter((state) => state !== layout.AGENT_FREE).length, 3);
  }
});

Deno.test("Who cleans up after a dead process may die before any write of that", () => {
  let lost = 0;
  for (let k = 0;; k++) {
    const [system, first, second, third] = makeFamily();
    const { agent } = third;
    const lock = agent.arena.allocateObject(layout.TYPE_LOCK);
    const own = agent.arena.allocateObject(layout.TYPE_EVENT);
    words.store(own + layout.OWNER, agent.id);
    words.or(lock + layout.FLAGS, layout.SHARED);
    assertEquals(tryLock(agent.q, lock), TAKEN);
    agent.q.latch(lock);
    agent.q.enqueue(lock, 0, true);
    system.delete(12);
    passTime();
    words.arm(k);
    const killed = isKilled(() => second.agents.watch());
    if (killed) {
      system.delete(11);
      for (let i = 0; i < 2; i++) {
        passTime();
        first.agents.watch();
      }
      assertEquals(first.table.all(), [first.tag]);
      assertEquals(agentStates(), [1, 0, 0]);
    }
    assertEquals(tryLock(first.agent.q, lock), TAKEN_ABANDONED);
    assertEquals(words.peek(lock + layout.LATCH), 0);
    // What nobody else knew: its record is not found again between the last two writes.
    if (words.peek(own + layout.TYPE) !== 0) lost++;
    if (!killed) {
      assert(k > 20);
      assert(lost <= 1, `${lost} records are lost`);
      return;
    }
  }
});
