/**
 * How fast do greenlets switch, beside Python's?
 *
 * `deno task bench:coroutine [--json]`. Python's are measured where `import greenlet` works in `python3`.
 *
 * @module
 */
import { getCurrent, RawGreenlet } from "@nogil/std/coroutine";
import { benchmark, type Case, cpython, operations, perOperation } from "./harness.ts";

const BASELINE = new URL("./coroutine_baseline.py", import.meta.url);

const SWITCHES = operations(2_000_000);
const LIVES = operations(200_000);

const main = getCurrent();

function python(what: string, count: number): Case {
  return { name: "CPython greenlet", measure: () => cpython(BASELINE, what, count) };
}

function ours(name: string, count: number, work: () => void): Case {
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

await benchmark([
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
