import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { agentOf } from "../../_core/agent.ts";
import { OBJECT_WORDS } from "../../_core/layout.ts";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  RWLock,
  Semaphore,
} from "../../sync/mod.ts";
import { SCOPES, type TestedScope, turn, until, waitSlots } from "../conformance/support.ts";

/** Collects garbage on Node, whose V8 frees such objects in its rare big collections alone. */
function collect(): void {
  if (process.versions["deno"] !== undefined) return;
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

for (const scope of SCOPES) {
  Deno.test(`Lock is freed when nobody refers to it any more: 400 000 of them [${scope}]`, async () => {
    const { arena } = agentOf(scope);
    const memory = process.memoryUsage().rss;
    const words = arena.lastObject;
    for (let i = 0; i < 400; i++) {
      for (let j = 0; j < 1000; j++) new Lock({ scope }).acquireSync();
      if (i % 50 === 0) collect();
      await turn();
    }
    const records = (arena.lastObject - words) / OBJECT_WORDS;
    assert(records < 300_000, `${records} more records`);
    const grown = (process.memoryUsage().rss - memory) / 2 ** 20;
    assert(grown < 150, `memory grew by ${grown} MB`);
  });

  Deno.test(`Every class is freed with all that it used [${scope}]`, async () => {
    const { q } = agentOf(scope);
    const make = (): void => {
      new RLock({ scope }).acquireSync();
      new Condition(undefined, { scope }).acquireSync();
      new Event({ scope }).set();
      new Semaphore(1, { scope }).acquireSync();
      new BoundedSemaphore(1, { scope }).acquireSync();
      new Barrier(2, { scope }).abort();
      new RWLock({ scope }).acquireReadSync();
    };
    const before = waitSlots(scope);
    let most = 0;
    let freed = false;
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 500; j++) make();
      if (i % 20 === 0) collect();
      await turn();
      if (q.holders.size < most) freed = true;
      most = Math.max(most, q.holders.size);
    }
    assert(freed, "no count of a holder was freed");
    assertEquals(waitSlots(scope), before);
  });
}

/** Where it is local, and nobody has the semaphore any more, nobody can end the wait: both may go. */
const OF_NOBODY = "promise of a Semaphore";

/** Things that are in use, made so that nothing else refers to their object. */
const USES: readonly (readonly [
  string,
  (scope: TestedScope) => { object: WeakRef<object>; use: unknown },
])[] = [
  ["guard of a Lock", (scope) => hold(new Lock({ scope }), (lock) => lock.acquireSync())],
  ["guard of an RLock", (scope) => hold(new RLock({ scope }), (lock) => lock.acquireSync())],
  ["guard of a Semaphore", (scope) => hold(new Semaphore(1, { scope }), (s) => s.acquireSync())],
  ["guard of a reader", (scope) => hold(new RWLock({ scope }), (lock) => lock.acquireReadSync())],
  ["guard of a writer", (scope) => hold(new RWLock({ scope }), (lock) => lock.acquireWriteSync())],
  [
    "promise of a Lock",
    (scope) => hold(new Lock({ scope }), (lock) => [lock.acquireSync() && 0, lock.acquire(LONG)]),
  ],
  [
    OF_NOBODY,
    (scope) => hold(new Semaphore(0, { scope }), (semaphore) => semaphore.acquire(LONG)),
  ],
  ["promise of an Event", (scope) => hold(new Event({ scope }), (event) => event.wait(LONG))],
  ["promise of a Barrier", (scope) => hold(new Barrier(2, { scope }), (b) => b.wait(LONG))],
  [
    "promise of a writer",
    (scope) =>
      hold(new RWLock({ scope }), (lock) => [lock.acquireReadSync() && 0, lock.acquireWrite(LONG)]),
  ],
  [
    "promise of a Condition",
    (scope) =>
      hold(
        new Condition(new Lock({ scope })),
        (condition) => [condition.acquireSync() && 0, condition.wait(LONG)],
      ),
  ],
];

/** A wait that nobody ends, and that has no timer. */
const LONG = { timeout: Infinity };

function hold<T extends object>(object: T, use: (object: T) => unknown) {
  return { object: new WeakRef<object>(object), use: use(object) };
}

for (const scope of SCOPES) {
  Deno.test(`Objects stay while a guard or a waiting promise needs them [${scope}]`, async () => {
    const held = USES.filter(([name]) => scope !== "local" || name !== OF_NOBODY)
      .map(([name, make]) => ({ name, ...make(scope) }));
    let collected = 0;
    const registry = new FinalizationRegistry<number>(() => collected++);
    await until(() => {
      for (let i = 0; i < 2_000; i++) {
        new Lock({ scope });
        registry.register(new Array(100).fill(i), i);
      }
      return collected > 100_000;
    });
    const gone = held.filter(({ object }) => object.deref() === undefined);
    assertEquals(gone.map(({ name }) => name), []);
    assert(held.every(({ use }) => use !== undefined));
  });
}
