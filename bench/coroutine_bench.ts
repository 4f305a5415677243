/**
 * How fast do greenlets switch, and how fast is their hub, beside Python's and beside what JavaScript has?
 *
 * `deno task bench:coroutine [--json] [--only=PART OF A TITLE]`. Python's are measured where `import greenlet, gevent` works
 * in `python3` (Debian: python3-gevent); the libraries from npm are installed into `bench/peers/` first.
 *
 * @module
 */
import {
  getCurrent,
  GreenletPool,
  joinAll,
  RawGreenlet,
  sleep,
  spawn,
  TaskGroup,
} from "@nogil/std/coroutine";
import { Queue } from "@nogil/std/queue";
import { type Guard, Semaphore } from "@nogil/std/sync";
import { benchmark, type Case, cpython, operations, perOperation } from "./harness.ts";
import { effection, pLimit, pQueue } from "./peers/coroutines.ts";
import { installPeers } from "./peers/peers.ts";

installPeers();

const BASELINE = new URL("./coroutine_baseline.py", import.meta.url);

const SWITCHES = operations(2_000_000);
const LIVES = operations(200_000);

const main = getCurrent();

function python(what: string, count: number, name = "CPython greenlet"): Case {
  return { name, measure: () => cpython(BASELINE, what, count) };
}

function gevent(what: string, count: number): Case {
  return python(`gevent ${what}`, count, "CPython gevent");
}

function asyncio(what: string, count: number): Case {
  return python(`asyncio ${what}`, count, "CPython asyncio");
}

function ours(name: string, count: number, work: () => void | Promise<void>): Case {
  return { name, measure: () => perOperation(count, work) };
}

const echo = new RawGreenlet(function* () {
  for (;;) yield main.switch(1);
});

function* forEver(): Generator<number, void, unknown> {
  for (;;) yield 1;
}
const bare = forEver();

/** Switches between two greenlets; the first one ends. */
function switchInPair(isTyped: boolean): void {
  const ping: RawGreenlet = new RawGreenlet(
    isTyped
      ? function* () {
        for (let i = 0; i < SWITCHES / 2; i++) yield* pong.switch(i);
      }
      : function* () {
        for (let i = 0; i < SWITCHES / 2; i++) yield pong.switch(i);
      },
  );
  const pong: RawGreenlet = new RawGreenlet(
    isTyped
      ? function* () {
        for (;;) yield* ping.switch(1);
      }
      : function* () {
        for (;;) yield ping.switch(1);
      },
  );
  ping.switch();
}

type Endless = Generator<Endless | null, null, unknown>;

/** The least that any loop below generators could do. */
function resumePair(): void {
  let two: Endless | null = null;
  const one: Endless = (function* (): Endless {
    for (let i = 0; i < SWITCHES / 2; i++) yield two;
    return null;
  })();
  two = (function* (): Endless {
    for (;;) yield one;
  })();
  for (let next: Endless | null = one; next !== null;) next = next.next().value;
}

const PAUSES = operations(200_000);
const SPAWNS = operations(50_000);
const ITEMS = operations(100_000);
const CALLS = operations(20_000);

async function pauses(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await sleep(0);
}

function* pausesOfGenerator(times: number): Generator<unknown, void, unknown> {
  for (let i = 0; i < times; i++) yield sleep(0);
}

/** Greenlets that let each other run. */
async function sleepTogether(count: number, body: (times: number) => unknown): Promise<void> {
  await joinAll(Array.from({ length: count }, () => spawn(body, PAUSES / count)));
}

function sleepQuestion(count: number): Parameters<typeof benchmark>[0][number] {
  return {
    title: `sleep(0), ${count} greenlets`,
    rate: true,
    measure: ["CPython gevent", "CPython asyncio"],
    cases: [
      gevent(`sleep ${count}`, PAUSES),
      asyncio(`sleep ${count}`, PAUSES),
      ours("generator functions", PAUSES, () => sleepTogether(count, pausesOfGenerator)),
      ours("async functions", PAUSES, () => sleepTogether(count, pauses)),
    ],
    targets: [
      { name: "generator functions", ratio: 1 / 5 },
      { name: "async functions", ratio: 1 / 5 },
    ],
  };
}

async function spawnTogether(body: () => unknown): Promise<void> {
  await joinAll(Array.from({ length: SPAWNS }, () => spawn(body)));
}

async function spawnOneByOne(body: () => unknown): Promise<void> {
  for (let i = 0; i < SPAWNS; i++) await spawn(body).join();
}

const one = (): number => 1;
// deno-lint-ignore require-await -- that is what is measured
const asyncOne = async (): Promise<number> => 1;
// deno-lint-ignore require-yield -- that is what is measured
function* generatorOne(): Generator<unknown, number, unknown> {
  return 1;
}

async function passItems(): Promise<void> {
  const queue = new Queue<number>(16, { scope: "local" });
  await joinAll([
    spawn(async () => {
      for (let i = 0; i < ITEMS; i++) await queue.put(i);
    }),
    spawn(async () => {
      for (let i = 0; i < ITEMS; i++) await queue.get();
    }),
  ]);
}

async function passItemsOfGenerators(): Promise<void> {
  const queue = new Queue<number>(16, { scope: "local" });
  await joinAll([
    spawn(function* () {
      for (let i = 0; i < ITEMS; i++) yield queue.put(i);
    }),
    spawn(function* () {
      for (let i = 0; i < ITEMS; i++) yield queue.get();
    }),
  ]);
}

async function sharePermit(): Promise<void> {
  const seat = new Semaphore(1, { scope: "local" });
  const body = async (): Promise<void> => {
    for (let i = 0; i < ITEMS / 2; i++) {
      const guard = await seat.acquire();
      await sleep(0);
      guard.release();
    }
  };
  await joinAll([spawn(body), spawn(body)]);
}

async function sharePermitOfGenerators(): Promise<void> {
  const seat = new Semaphore(1, { scope: "local" });
  const body = function* (): Generator<unknown, void, Guard> {
    for (let i = 0; i < ITEMS / 2; i++) {
      const guard = yield seat.acquire();
      yield sleep(0);
      guard.release();
    }
  };
  await joinAll([spawn(body), spawn(body)]);
}

const numbers = Array.from({ length: CALLS }, (_, i) => i);
const pause = async (): Promise<void> => {
  await undefined;
};

await benchmark([
  sleepQuestion(2),
  sleepQuestion(100),
  {
    title: "spawn and join, all at once",
    rate: true,
    measure: ["CPython gevent"],
    cases: [
      gevent("spawn", SPAWNS),
      asyncio("spawn", SPAWNS),
      ours("plain functions", SPAWNS, () => spawnTogether(one)),
      ours("generator functions", SPAWNS, () => spawnTogether(generatorOne)),
      ours("async functions", SPAWNS, () => spawnTogether(asyncOne)),
    ],
    targets: ["plain", "generator", "async"].map((kind) => ({
      name: `${kind} functions`,
      ratio: 1 / 10,
    })),
  },
  {
    title: "spawn and join, one by one",
    rate: true,
    measure: ["CPython gevent"],
    cases: [
      gevent("spawn one", SPAWNS),
      ours("plain functions", SPAWNS, () => spawnOneByOne(one)),
      ours("generator functions", SPAWNS, () => spawnOneByOne(generatorOne)),
      ours("async functions", SPAWNS, () => spawnOneByOne(asyncOne)),
    ],
    targets: ["plain", "generator", "async"].map((kind) => ({
      name: `${kind} functions`,
      ratio: 1 / 10,
    })),
  },
  {
    title: 'Queue of 16, scope "local", one greenlet to another',
    rate: true,
    measure: ["CPython gevent", "CPython asyncio"],
    cases: [
      gevent("queue", ITEMS),
      asyncio("queue", ITEMS),
      ours("async functions", ITEMS, passItems),
      ours("generator functions", ITEMS, passItemsOfGenerators),
    ],
    targets: [{ name: "async functions", ratio: 1 / 5 }],
  },
  {
    title: 'Semaphore of 1, scope "local", and sleep(0), two greenlets',
    rate: true,
    measure: ["CPython gevent", "CPython asyncio"],
    cases: [
      gevent("semaphore", ITEMS),
      asyncio("semaphore", ITEMS),
      ours("async functions", ITEMS, sharePermit),
      ours("generator functions", ITEMS, sharePermitOfGenerators),
    ],
    targets: [{ name: "async functions", ratio: 1 / 5 }],
  },
  {
    title: "Calls, ten at once",
    rate: true,
    cases: [
      gevent("pool", CALLS),
      ours("p-limit", CALLS, () => pLimit(10, numbers, pause)),
      ours("p-queue", CALLS, () => pQueue(10, numbers, pause)),
      ours("GreenletPool.map", CALLS, async () => {
        await new GreenletPool(10).map(pause, numbers);
      }),
    ],
  },
  {
    title: "Tasks in groups of ten",
    rate: true,
    cases: [
      asyncio("group", CALLS),
      ours("effection", CALLS, () => effection(CALLS / 10, 10)),
      ours("TaskGroup", CALLS, async () => {
        for (let i = 0; i < CALLS / 10; i++) {
          await TaskGroup.run((group) => {
            for (let k = 0; k < 10; k++) group.createTask(() => sleep(0));
          });
        }
      }),
    ],
  },
  {
    title: "A switch, main and a greenlet",
    rate: true,
    cases: [
      python("child", SWITCHES),
      ours("RawGreenlet", SWITCHES, () => {
        for (let i = 0; i < SWITCHES / 2; i++) echo.switch(i);
      }),
      ours("a generator, next() and yield", SWITCHES, () => {
        for (let i = 0; i < SWITCHES / 2; i++) bare.next();
      }),
    ],
    targets: [{ name: "RawGreenlet", ratio: 1 / 5 }],
  },
  {
    title: "A switch, two greenlets",
    rate: true,
    cases: [
      python("pair", SWITCHES),
      ours("RawGreenlet, yield", SWITCHES, () => switchInPair(false)),
      ours("RawGreenlet, yield*", SWITCHES, () => switchInPair(true)),
      ours("two generators in a loop", SWITCHES, resumePair),
    ],
    targets: [
      { name: "RawGreenlet, yield", ratio: 1 / 5 },
      { name: "RawGreenlet, yield*", ratio: 1 / 5 },
    ],
  },
  {
    title: "A greenlet, from its making to its end",
    rate: true,
    cases: [
      python("life", LIVES),
      ours("RawGreenlet, generator function", LIVES, () => {
        for (let i = 0; i < LIVES; i++) {
          new RawGreenlet(function* (x: number) {
            if (x < 0) yield main.switch();
            return x;
          }).switch(i);
        }
      }),
      ours("RawGreenlet, plain function", LIVES, () => {
        for (let i = 0; i < LIVES; i++) new RawGreenlet((x: number) => x).switch(i);
      }),
    ],
  },
], [
  {
    title: "Memory: 2 000 000 greenlets that end, and as many that are dropped",
    async step() {
      for (let i = 0; i < operations(200_000); i++) {
        new RawGreenlet((x: number) => x).switch(i);
        new RawGreenlet(function* () {
          yield main.switch();
        }).switch();
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    },
    steps: 10,
    allowed: 30,
  },
]);
