/** What becomes of greenlets that nobody has any more. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { getCurrent, type RawGreenlet } from "../../coroutine/mod.ts";
import { GreenletExit } from "../../errors.ts";
import type { GreenletKind } from "./greenlet_conformance.ts";
import { turn } from "./support.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Collects garbage until a condition holds. */
async function collectUntil(done: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !done(); i++) {
    await turn();
    gc();
    await turn();
  }
  assert(done());
}

/** Runs the suite. */
export function greenletGarbageConformance({ name, make }: GreenletKind): void {
  const main = getCurrent();

  /** Starts a greenlet and drops it. */
  function drop(body: () => Generator<unknown, unknown, unknown>, parent?: RawGreenlet): void {
    make(body, parent ?? null).switch();
  }

  Deno.test(`G38 a greenlet that is dropped gets a GreenletExit, and finally runs [${name}]`, async () => {
    const seen: unknown[] = [];
    function* body(): Generator<unknown, void, unknown> {
      try {
        yield main.switch();
      } catch (error) {
        seen.push(error instanceof GreenletExit);
        throw error;
      } finally {
        seen.push("finally");
      }
    }
    for (let i = 0; i < 3; i++) drop(body);
    assertEquals(seen, []);
    await collectUntil(() => seen.length >= 6);
    assertEquals(seen, [true, "finally", true, "finally", true, "finally"]);
  });

  Deno.test(`G40 an error of a greenlet that was dropped is printed, and nothing more [${name}]`, async () => {
    const { error: print } = console;
    const printed: unknown[][] = [];
    console.error = (...args) => printed.push(args);
    try {
      drop(function* () {
        try {
          yield main.switch();
        } finally {
          // deno-lint-ignore no-unsafe-finally -- just that is tested
          throw new RangeError("other");
        }
      });
      await collectUntil(() => printed.length > 0);
    } finally {
      console.error = print;
    }
    const [[text, error], ...others] = printed as [unknown[], ...unknown[]];
    assertEquals(text, "Exception ignored in a greenlet that was collected:");
    assert(error instanceof RangeError);
    assertEquals(others, []);
  });

  Deno.test(`G41 a greenlet may survive being dropped, and has its parent again afterwards [${name}]`, async () => {
    const hub = make(() => undefined);
    const seen: RawGreenlet[] = [];
    drop(function* () {
      try {
        yield main.switch();
      } catch {
        const self = getCurrent();
        seen.push(self.parent as RawGreenlet, self);
        yield hub.switch();
      }
      return "survived";
    }, hub);
    await collectUntil(() => seen.length > 0);
    const [parent, self] = seen as [RawGreenlet, RawGreenlet];
    assertStrictEquals(parent, main);
    assertStrictEquals(self.parent, hub);
    assertEquals([self.dead, hub.dead], [false, true]);
    assertEquals([self.switch(), self.dead], ["survived", true]);
  });

  Deno.test(`G43 G46 greenlets in circles, pending or dead, are collected [${name}]`, async () => {
    const refs: WeakRef<object>[] = [];
    const makeSome = () => {
      const pending: RawGreenlet & { self?: unknown } = make(() => 1);
      pending.self = pending;
      const dead = make(() => getCurrent());
      assertStrictEquals(dead.switch(), dead);
      const parent = make(() => 1);
      const child = make(() => 1, parent);
      refs.push(...[pending, dead, parent, child].map((greenlet) => new WeakRef(greenlet)));
    };
    makeSome();
    await collectUntil(() => refs.every((ref) => ref.deref() === undefined));
  });

  Deno.test(`G43 greenlets that hold themselves do not fill the memory [${name}]`, async () => {
    const refs: WeakRef<object>[] = [];
    const count = 1000;
    for (let i = 0; i < count; i++) {
      const greenlet: RawGreenlet = make(function* () {
        yield main.switch(greenlet);
      });
      refs.push(new WeakRef(greenlet.switch()));
    }
    await collectUntil(() => refs.filter((ref) => ref.deref() !== undefined).length <= 100);
  });

  Deno.test(`G44 functions, arguments, values and results are let go [${name}]`, async () => {
    const refs: WeakRef<object>[] = [];
    const fresh = () => {
      const object = { large: new Array(1000).fill(0) };
      refs.push(new WeakRef(object));
      return object;
    };
    const runOne = () => {
      const greenlet = make(function* (_a, _b) {
        yield main.switch(fresh());
        return fresh();
      });
      greenlet.switch(fresh(), fresh());
      greenlet.switch(fresh());
      const holder = fresh();
      const plain = make(() => holder);
      plain.switch(fresh());
      return [greenlet, plain];
    };
    const greenlets = runOne();
    await collectUntil(() => refs.every((ref) => ref.deref() === undefined));
    assert(greenlets.every(({ dead }) => dead));
  });

  Deno.test(`G44 the generator of a greenlet that has ended is let go [${name}]`, async () => {
    function* body(): Generator<unknown, void, unknown> {
      yield main.switch();
    }
    const begin = (): [RawGreenlet, WeakRef<object>] => {
      const generator = body();
      const greenlet = make(() => generator);
      greenlet.switch();
      return [greenlet, new WeakRef(generator)];
    };
    const [greenlet, ref] = begin();
    await turn();
    greenlet.switch();
    await collectUntil(() => ref.deref() === undefined);
    assert(greenlet.dead);
  });
}
