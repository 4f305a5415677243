/**
 * Who cleans up after whom.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { NOTHING, TAKEN, TAKEN_ABANDONED } from "../../_core/kind.ts";
import { AGENT_ALIVE, agentRecord, TYPE_LOCK, TYPE_RWLOCK } from "../../_core/layout.ts";
import { tryLock } from "../../_core/lock_kind.ts";
import { heal, reap } from "../../_core/reaper.ts";
import { readsHeld, releaseWrite, tryRead, tryWrite } from "../../_core/rwlock_kind.ts";
import { Kill } from "./sim_words.ts";
import { World } from "./world.ts";

Deno.test("reap() spares a new agent with the id of a dead one", () => {
  const w = new World();
  const o = w.arena.allocateObject(TYPE_LOCK);
  w.die(5);
  w.agent(1).reap(5);
  w.start(5);
  assertEquals(tryLock(w.agent(5).q, o), TAKEN);
  reap(w.agent(3).q, w.arena, 5); // somebody who saw the death, and comes late
  assertEquals(w.holder(o), 5);
  assertEquals(w.words.peek(agentRecord(5)), AGENT_ALIVE);
});

Deno.test("reap() leaves the work to a living reaper, and finishes that of a dead one", () => {
  for (let k = 2;; k++) { // after the declaration of death and the claim
    const w = new World();
    const o = w.arena.allocateObject(TYPE_LOCK);
    tryLock(w.agent(5).q, o);
    w.queue(5, o);
    const wait = w.queue(3, o);
    w.die(5);
    w.words.arm(k);
    try {
      w.agent(2).reap(5);
      assert(k > 5);
      return;
    } catch (error) {
      if (!(error instanceof Kill)) throw error;
    }
    const before = w.main(o);
    w.agent(1).reap(5);
    assertEquals(w.main(o), before, "two at once");
    w.die(2);
    w.agent(1).reap(2);
    w.check(o);
    assertEquals(w.look(wait, o), TAKEN_ABANDONED);
  }
});

Deno.test("heal() finds a dead holder and dead waiters", () => {
  const w = new World();
  const o = w.arena.allocateObject(TYPE_LOCK);
  tryLock(w.agent(5).q, o);
  w.queue(4, o);
  const wait = w.queue(3, o);
  w.die(4);
  w.die(5);
  heal(w.agent(3).q, w.arena, o);
  w.check(o);
  assertEquals(w.look(wait, o), TAKEN_ABANDONED);
});

Deno.test("Agent.abandonHeld() leaves an agent that can go on", () => {
  const w = new World();
  const agent = w.agent(2);
  const read = w.arena.allocateObject(TYPE_RWLOCK);
  const write = w.arena.allocateObject(TYPE_RWLOCK);
  assertEquals(tryRead(agent.q, read), TAKEN);
  assertEquals(tryRead(agent.q, write), TAKEN);
  agent.abandonHeld();
  for (let i = 0; i < 2; i++) { // 2 readers: the count is the id of the agent
    assertEquals(tryRead(agent.q, read), TAKEN);
  }
  assertEquals(tryWrite(agent.q, write), TAKEN);
  agent.locksHeld = 1;
  agent.abandonHeld();
  w.check(read);
  w.check(write);
  assertEquals(readsHeld(agent.q, read), 0);
  assertEquals(tryWrite(agent.q, write), TAKEN_ABANDONED);
  assertEquals(tryRead(agent.q, write), NOTHING);
  assert(releaseWrite(agent.q, write));
  assertEquals(tryRead(agent.q, write), TAKEN);
  w.die(2);
  w.agent(1).reap(2);
  w.check(read);
  w.check(write);
  assertEquals(w.held(write), 0);
});
