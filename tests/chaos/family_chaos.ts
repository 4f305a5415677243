/**
 * Processes that do all that can be done with shared objects are killed (`SIGKILL`) at random instants and replaced:
 * `deno task chaos:family [--kills=N]`. Half of the deaths are reported by the parent, half are left to those who wait.
 * Nobody may hang, every item is there exactly once or not at all, and nothing is left at the end.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { agentOf } from "../../_core/agent.ts";
import { agentRecord, AGENTS } from "../../_core/layout.ts";
import { releaseTicket } from "../../_core/process_family.ts";
import { isMain } from "../../_core/task.ts";
import { SharedArray } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Barrier, Condition, Event, Lock, RLock, RWLock, Semaphore } from "../../sync/mod.ts";
import { entries, until } from "../conformance/support.ts";
import { type Relative, startRelative } from "../process/family_driver.ts";
import type { Playground } from "../process/family_roles.ts";
import { numberGiven } from "./support.ts";

/** Where this module was loaded from. */
export const programUrl: string = import.meta.url;

const KILLS = numberGiven("kills", 1000);
const PLAYERS = 4;
const PERMITS = 3;
const scope = "process";

/** Milliseconds after which something counts as hanging. */
const LIMIT = { timeout: 60_000, recover: true };

const ground: Playground = {
  lock: new Lock({ scope }),
  rlock: new RLock({ scope }),
  rwlock: new RWLock({ scope }),
  semaphore: new Semaphore(PERMITS, { scope }),
  condition: new Condition(undefined, { scope }),
  event: new Event({ scope }),
  barrier: new Barrier(2, { scope }),
  queue: new Queue(5, { scope }),
  journal: new Queue(50, { scope }),
  ledger: SharedArray("i", KILLS + PLAYERS, { scope }),
};

/** How many items of each process have come. */
const come = new Map<number, number>();

function takeJournal(): void {
  for (let found; (found = ground.journal.tryGet()) !== null;) {
    const [player, n] = found.value;
    assertEquals(n, (come.get(player) ?? 0) + 1, `item ${n} of process ${player}`);
    come.set(player, n);
  }
}

/** Passes through everything that a dead process may have held. */
async function pass(): Promise<void> {
  const { lock, rlock, rwlock, semaphore, condition } = ground;
  for (const one of [lock, rlock, semaphore, condition]) (await one.acquire(LIMIT)).release();
  (await rwlock.acquireWrite(LIMIT)).release();
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

let started = 0;
function play(): { relative: Relative; me: number; reported: boolean } {
  const me = started++;
  const reported = me % 2 === 0;
  return { relative: startRelative("churn", [ground, me, me + 1], { reported }), me, reported };
}

async function main(): Promise<void> {
  const players = Array.from({ length: PLAYERS }, play);
  const began = performance.now();
  let atFirst = 0;
  for (let kills = 0; kills < KILLS; kills++) {
    const at = Math.floor(Math.random() * players.length);
    const victim = players[at];
    assert(victim !== undefined);
    await victim.relative.heard("entered");
    const until = performance.now() + Math.random() * 40;
    while (performance.now() < until) {
      takeJournal();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    victim.relative.strike();
    await victim.relative.ended();
    assertEquals(victim.relative.errors, "");
    await pass();
    takeJournal();
    const [told, got] = [ground.ledger[victim.me] as number, come.get(victim.me) ?? 0];
    assert(got === told || got === told + 1, `${told} were put, ${got} came`);
    players[at] = play();
    if (kills === 20) atFirst = descriptors();
    if (kills % 100 === 99) {
      console.log(`${kills + 1} kills, ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
  }
  if (KILLS > 20) {
    assert(descriptors() < atFirst + 20, `${descriptors()} descriptors, ${atFirst} first`);
  }
  for (const { relative } of players) {
    await relative.kill();
    releaseTicket(relative.ticket);
  }
  await pass();
  takeJournal();
  const { q } = agentOf(scope);
  const agents = (): number => {
    let count = 0;
    for (let id = 1; id <= q.w.load(AGENTS); id++) if (q.w.load(agentRecord(id)) !== 0) count++;
    return count;
  };
  await until(() => {
    q.agents.watch(); // nobody waits any more who would
    return entries(scope) === 0 && agents() === 1;
  }, "the end of all entries and agents");
  assertEquals(ground.semaphore.value, PERMITS);
  const items = [...come.values()].reduce((sum, n) => sum + n, 0);
  console.log(
    `${KILLS} kills, ${items} items, nothing left; ${q.stolen} latches taken from the dead`,
  );
}

if (isMain(import.meta)) await main();
