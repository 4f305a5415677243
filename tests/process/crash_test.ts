import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { AbandonedError, BrokenBarrierError } from "../../errors.ts";
import { Value } from "../../process/mod.ts";
import { LifoQueue, PriorityQueue, Queue } from "../../queue/mod.ts";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  type Guard,
  Lock,
  RLock,
  RWLock,
  Semaphore,
} from "../../sync/mod.ts";
import { drain } from "../conformance/queue_support.ts";
import { type Colour, COLOURS, entries, turn, until } from "../conformance/support.ts";
import { withRelatives } from "./family_driver.ts";
import type { AnyLock } from "./family_roles.ts";

const scope = "process";

/** Milliseconds after which something counts as hanging. */
const LIMIT = { timeout: 20_000 };

const LOCKS: readonly (readonly [string, () => AnyLock])[] = [
  ["Lock", () => new Lock({ scope })],
  ["RLock", () => new RLock({ scope })],
  ["RWLock", () => new RWLock({ scope })],
  ["Condition", () => new Condition(undefined, { scope })],
];

/** Who finds out that a process is dead: its parent, or who waits. */
const FINDERS = [["its parent", true], ["who waits", false]] as const;

async function enter(lock: AnyLock, colour: Colour, recover: boolean): Promise<Guard> {
  const options = { ...LIMIT, recover };
  if (lock instanceof RWLock) {
    return colour === "promise" ? await lock.acquireWrite(options) : lock.acquireWriteSync(options);
  }
  return colour === "promise" ? await lock.acquire(options) : lock.acquireSync(options);
}

for (const [finder, reported] of FINDERS) {
  for (const [name, make] of LOCKS) {
    Deno.test(`${name} is abandoned once when its process is killed, found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const [lock, other] = [make(), make()];
        const holders = [
          start("hold", [lock, "blocking", 1], { reported }),
          start("hold", [other, "promise", 1], { reported }),
        ];
        for (const holder of holders) await holder.heard("held");
        for (const holder of holders) await holder.kill();
        await assertRejects(() => enter(lock, "promise", false), AbandonedError, "died");
        const guard = await enter(lock, "blocking", true);
        assertFalse(guard.abandoned);
        guard.release();
        const next = await enter(other, "blocking", true);
        assert(next.abandoned);
        next.release();
        await until(() => entries(scope) === 0, "the end of all entries");
      });
    });

    Deno.test(`${name} wakes those who wait when its process is killed, found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const lock = make();
        const holder = start("hold", [lock, "blocking", 1], { reported });
        await holder.heard("held");
        const waiters = COLOURS.map((colour) => start("pass", [lock, colour, false]));
        await until(() => entries(scope) === 2, "two waiters");
        holder.strike();
        const outcomes = await Promise.all(waiters.map((waiter) => waiter.result()));
        assertEquals(outcomes.sort(), ["AbandonedError", "held"]);
        assertEquals(entries(scope), 0);
      });
    });
  }

  for (
    const make of [() => new Semaphore(3, { scope }), () => new BoundedSemaphore(3, { scope })]
  ) {
    Deno.test(`${make().constructor.name} gets its permits back from a killed process, found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const semaphore = make();
        const mine = semaphore.acquireSync();
        const holder = start("hold", [semaphore, "blocking", 2], { reported });
        await holder.heard("held");
        assertEquals(semaphore.value, 0);
        const waiting = semaphore.acquire(LIMIT);
        holder.strike();
        (await waiting).release();
        await until(() => semaphore.value === 2, "the permits");
        mine.release();
        assertEquals(semaphore.value, 3);
      });
    });
  }

  Deno.test(`RWLock gets its read locks back from a killed process, found by ${finder}`, async () => {
    await withRelatives(async (start) => {
      const lock = new RWLock({ scope });
      const reader = start("holdRead", [lock, 2], { reported });
      await reader.heard("held");
      const waiting = lock.acquireWrite(LIMIT);
      reader.strike();
      const guard = await waiting;
      assertFalse(guard.abandoned);
      guard.release();
    });
  });

  for (const colour of COLOURS) {
    Deno.test(`Condition.notify() skips a killed process [${colour}], found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const condition = new Condition(undefined, { scope });
        const victim = start("awaitNotify", [condition, colour], { reported });
        await until(() => entries(scope) === 1, "the victim");
        const next = start("awaitNotify", [condition, colour]);
        await until(() => entries(scope) === 2, "the next one");
        await victim.kill();
        await condition.with(() => condition.notify());
        assertEquals(await next.result(), "notified");
        await until(() => entries(scope) === 0, "the end of all entries");
      });
    });

    Deno.test(`Event skips a killed process [${colour}], found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const event = new Event({ scope });
        const others = [1, 2].map(() => start("awaitEvent", [event, colour], { reported }));
        await until(() => entries(scope) === 2, "two waiters");
        const [victim, next] = others;
        await victim?.kill();
        event.set();
        assertEquals(await next?.result(), true);
      });
    });

    Deno.test(`Barrier breaks when a party is killed [${colour}], found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const barrier = new Barrier(4, { scope });
        const victim = start("arrive", [barrier, colour], { reported });
        await until(() => entries(scope) === 1, "the victim");
        const next = start("arrive", [barrier, colour]);
        const mine = assertRejects(() => barrier.wait(LIMIT), BrokenBarrierError);
        await until(() => entries(scope) === 3, "three of four");
        victim.strike();
        await mine;
        assertEquals(await next.result(), "BrokenBarrierError");
        barrier.reset();
        assertFalse(barrier.broken);
      });
    });
  }
}

const QUEUES: readonly (readonly [string, (maxsize: number) => Queue<unknown>])[] = [
  ["Queue", (maxsize) => new Queue(maxsize, { scope })],
  ["LifoQueue", (maxsize) => new LifoQueue(maxsize, { scope })],
  ["PriorityQueue", (maxsize) => new PriorityQueue(maxsize, { scope })],
];

for (const colour of COLOURS) {
  Deno.test(`Queue has what a killed producer has put, each item once [${colour}]`, async () => {
    await withRelatives(async (start) => {
      for (let round = 0; round < 4; round++) {
        const queue = new Queue<unknown>(round % 2 === 0 ? 0 : 50, { scope });
        const count = new Value("i", 0, { scope });
        const victim = start("putForEver", [queue, colour, count], { reported: round > 1 });
        const got: unknown[] = [];
        while (count.value < 150 * (round + 1)) {
          const found = queue.tryGet();
          if (found === null) await turn();
          else got.push(found.value);
        }
        await victim.kill();
        got.push(...drain(queue));
        assertEquals(got, Array.from({ length: got.length }, (_, i) => [i + 1, "item"]));
        assert(got.length === count.value || got.length === count.value + 1);
      }
    });
  });

  Deno.test(`Queue loses nothing that a killed consumer had not got [${colour}]`, async () => {
    await withRelatives(async (start) => {
      for (let round = 0; round < 4; round++) {
        const queue = new Queue<[number, string]>(0, { scope });
        const last = new Value("i", 0, { scope });
        const victim = start("getForEver", [queue, colour, last], { reported: round > 1 });
        let n = 0;
        while (last.value < 150 * (round + 1)) {
          for (let i = 0; i < 50; i++) queue.putSync([++n, "item"]);
          await turn();
        }
        victim.strike();
        for (let i = 0; i < 50; i++) queue.putSync([++n, "item"]);
        await victim.ended();
        // What it was about to get comes back when its death is known.
        const rest: number[] = [];
        while (rest.at(-1) !== n) rest.push((await queue.get(LIMIT))[0]);
        await until(() => queue.empty() || rest.push(queue.getNowait()[0]) < 0, "the rest");
        rest.sort((a, b) => a - b);
        const first = rest[0] as number;
        assertEquals(rest, Array.from({ length: n - first + 1 }, (_, i) => first + i));
        assert(first === last.value + 1 || first === last.value + 2, `${first}, ${last.value}`);
      }
    });
  });
}

for (const [name, make] of QUEUES) {
  Deno.test(`${name} stays whole when processes that put and get are killed`, async () => {
    await withRelatives(async (start) => {
      const queue = make(3);
      const value = new Value("i", 0, { scope });
      for (let round = 0; round < 3; round++) {
        const victims = [
          ...COLOURS.map((colour) => start("putForEver", [queue, colour, value])),
          ...COLOURS.map((colour) => start("getForEver", [queue, colour, value])),
        ];
        for (const victim of victims) await victim.heard("entered");
        for (let i = 0; i < 5 * round; i++) await turn();
        await Promise.all(victims.map((victim) => victim.kill()));
        for (const item of drain(queue)) assertEquals((item as unknown[]).length, 2);
        await queue.put([round, "mine"], LIMIT);
        assertEquals(await queue.get(LIMIT), [round, "mine"]);
        assertEquals(entries(scope), 0);
      }
    });
  });
}

Deno.test("Value under its lock stays exact when a process that changes it is killed", async () => {
  await withRelatives(async (start) => {
    const value = new Value("i", 0, { scope });
    const victim = start("increment", [value, 10_000_000], { reported: false });
    await until(() => value.value > 1000, "some increments");
    victim.strike();
    const guard = await value.getLock().acquire({ ...LIMIT, recover: true });
    const seen = value.value;
    guard.release();
    await start("increment", [value, 1000]).result();
    assertEquals(value.value, seen + 1000);
  });
});

Deno.test("Process scope outlives the process that made an object", async () => {
  await withRelatives(async (start) => {
    const value = await start("makeValue", [41]).result() as Value<"i">;
    assertEquals(value.add(1), 41);
    const again = await start("makeValue", [7]).result() as Value<"i">;
    assertEquals([value.value, again.value], [42, 7]);
  });
});
