import { assert, assertEquals, assertThrows } from "@std/assert";
import { emit, genlet } from "./genlet.ts";

Deno.test("G59 G61 generators are greenlets, and emit from as deep as they like", () => {
  function* nested(i: number): Generator<unknown, void, unknown> {
    yield emit(i);
  }
  const flat = genlet<number, [number, number[]]>(function* (n, seen) {
    for (let i = 0; i < n; i++) {
      seen.push(i);
      yield emit(i);
    }
  });
  const deep = genlet<number, [number, number[]]>(function* (n, seen) {
    for (let i = 0; i < n; i++) {
      seen.push(i);
      yield* nested(i);
    }
  });
  for (const g of [flat, deep]) {
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      for (const j of g(5, seen)) seen.push(j);
    }
    const once = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4];
    assertEquals(seen, [...once, ...once, ...once]);
  }
});

Deno.test("G61 a generator emits for one further out", () => {
  const inner = genlet<number, [number]>(function* (n) {
    for (let i = 1; i < n; i++) {
      yield emit(i);
      yield emit(i * i, 2);
    }
  });
  const outer = genlet<number, [number, number[]]>(function* (n, seen) {
    const values = inner(n);
    for (let next = yield* values.advance(); !next.done; next = yield* values.advance()) {
      seen.push(next.value);
    }
  });
  const seen: number[] = [];
  for (const value of outer(5, seen)) seen.push(value);
  assertEquals(seen, [1, 1, 2, 4, 3, 9, 4, 16]);
});

const permutations = genlet<number[], [number[]]>(function* (list): Generator<unknown, void> {
  if (list.length <= 1) yield emit(list);
  else {
    for (const first of list) {
      const rests = permutations(list.filter((x) => x !== first));
      for (let rest = yield* rests.advance(); !rest.done; rest = yield* rests.advance()) {
        yield emit([first, ...rest.value]);
      }
    }
  }
});

Deno.test("G61 generators call themselves", () => {
  const all = [...permutations([0, 1, 2, 3])].map(String);
  assertEquals([all.length, new Set(all).size], [24, 24]);
  assert(all.includes("0,1,2,3") && all.includes("3,2,1,0"));

  const [long, short] = [permutations([0, 1, 2, 3]), permutations([0, 1, 2])];
  const pairs: string[] = [];
  for (const second of short) pairs.push(`${long.next().value} ${second}`);
  assertEquals(pairs, [
    "0,1,2,3 0,1,2",
    "0,1,3,2 0,2,1",
    "0,2,1,3 1,0,2",
    "0,2,3,1 1,2,0",
    "0,3,1,2 2,0,1",
    "0,3,2,1 2,1,0",
  ]);
});

Deno.test("G61 emitting outside of a generator is an error", () => {
  assertThrows(() => emit(10), RangeError, "emit outside of a genlet");
});
