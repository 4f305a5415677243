/** What happens to a thread for which there is no worker, and to those that come later. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { currentAgent } from "../../_core/agent.ts";
import { AGENT_FREE, agentRecord, TYPE_EVENT } from "../../_core/layout.ts";
import { MAX_SLOTS } from "../../_core/thread_memory.ts";
import { WorkerLostError } from "../../errors.ts";
import { type AnyThread, Thread } from "../../thread/mod.ts";
import { realm } from "../../thread/realm.ts";
import { add, makeWords, park, waitUntilSet } from "./tasks.ts";

const LIMIT = { timeout: 60_000 };

/** Occupies a worker, so that none is idle and the supervisor is there; what it returns ends that. */
function occupy(): () => Promise<void> {
  const words = makeWords();
  const thread = new Thread({ target: park, args: [words] }).start();
  waitUntilSet(words, 0);
  return async () => {
    thread.kill();
    await assertRejects(() => thread.join(LIMIT), WorkerLostError);
  };
}

/** Adds in a thread to which the main thread gives a worker, or the supervisor, which makes those with a limit. */
function adding(maker: "main" | "supervisor"): AnyThread {
  const limit = maker === "main" ? {} : { memoryLimit: 64 };
  return new Thread({ target: add, args: [1, 2], ...limit }).start();
}

async function assertTooMany(thread: AnyThread, message: string): Promise<void> {
  const error = await assertRejects(() => thread.join(LIMIT), WorkerLostError) as Error;
  assert(error.message.endsWith(message), error.message);
}

for (const maker of ["main", "supervisor"] as const) {
  Deno.test(`Thread.start() of one too many loses that thread alone [worker made by ${maker}]`, async () => {
    const end = occupy();
    const agent = currentAgent();
    const ids: number[] = [];
    try {
      for (;;) ids.push(agent.reserveId());
    } catch (error) {
      assert(error instanceof RangeError);
    }
    await assertTooMany(adding(maker), "there are 4095 already");
    for (const id of ids) agent.q.w.store(agentRecord(id), AGENT_FREE);
    assertEquals(await adding(maker).join(LIMIT), 3);
    await end();
  });
}

Deno.test("Thread.join() rejects when the thread is killed and no memory is left", async () => {
  const words = makeWords();
  const thread = new Thread({ target: park, args: [words] }).start();
  waitUntilSet(words, 0);
  const { arena: { heap }, id } = currentAgent();
  const runs: number[] = [];
  for (let size = heap.capacity; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) runs.push(heap.allocate(size, id));
    } catch (error) {
      assert(error instanceof RangeError);
    }
  }
  thread.kill();
  await assertRejects(() => thread.join(LIMIT), WorkerLostError);
  for (const run of runs) heap.free(run);
  assertEquals(await adding("main").join(LIMIT), 3);
});

Deno.test("Thread.start() without a worker goes well while somebody holds a latch for long", async () => {
  const end = occupy();
  const { q, arena } = currentAgent();
  const { slots, table } = realm();
  const taken: number[] = [];
  for (let slot; (slot = slots.reserve(table.main().address, 0)) >= 0;) taken.push(slot);
  assert(taken.length > MAX_SLOTS - 10);
  const o = arena.allocateObject(TYPE_EVENT);
  q.latch(o);
  const waiter = q.enqueue(o, 0, true);
  const lost = adding("supervisor");
  await assertTooMany(lost, "there are too many workers");
  q.leave(o, waiter);
  q.unlatch(o);
  q.slots.release(waiter);
  arena.freeObject(o);
  for (const slot of taken) slots.free(slot);
  assertEquals(await adding("supervisor").join(LIMIT), 3);
  await end();
});
