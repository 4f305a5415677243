/** What greenlets do. The first words of a name are the statements of greenlet's own tests that it holds. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { GreenletExit, InvalidStateError } from "../../errors.ts";
import {
  getCurrent,
  type GreenletFunction,
  RawGreenlet,
  type Switched,
} from "../../coroutine/mod.ts";

/** One class of greenlets. */
export interface GreenletKind {
  name: string;
  make(run?: GreenletFunction | null, parent?: RawGreenlet | null): RawGreenlet;
}

class SomeError extends Error {}

/** Switches to the parent of the running greenlet. */
// deno-lint-ignore no-explicit-any -- whatever comes back
function up(...args: unknown[]): Switched<any> {
  return getCurrent().parent?.switch(...args);
}

/** Runs the suite. */
export function greenletConformance({ name, make }: GreenletKind): void {
  const main = getCurrent();

  /** Waits for an error, notes it, and passes it on. */
  function* fmain(seen: unknown[]): Generator<unknown, void, unknown> {
    try {
      yield up();
    } catch (error) {
      seen.push((error as Error).constructor);
      throw error;
    }
    throw new SomeError();
  }

  Deno.test(`G01 the first switch passes the arguments of run [${name}]`, () => {
    const seen: unknown[] = [];
    const greenlet = make(function* (...args) {
      seen.push(args);
      yield getCurrent().switch();
      return 42;
    });
    assertEquals(greenlet.switch(4, 2), 42);
    assertEquals(make((a, { b }) => a + b).switch(4, { b: 2 }), 6);
    assertEquals(make((a = 7) => a).switch(), 7);
    assertEquals(make((list) => list).switch([1, 2]), [1, 2]);
    assertEquals(seen, [[4, 2]]);
  });

  Deno.test(`G02 two switches in and two out [${name}]`, () => {
    const list: number[] = [];
    const greenlet = make(function* () {
      list.push(1);
      yield up();
      list.push(3);
    });
    list.push(0);
    greenlet.switch();
    list.push(2);
    greenlet.switch();
    list.push(4);
    assertEquals(list, [0, 1, 2, 3, 4]);
  });

  Deno.test(`G04 a later switch passes what the suspended one gives: nothing, a value, several [${name}]`, () => {
    const seen: unknown[] = [];
    const greenlet = make(function* (x) {
      seen.push(yield up({ x }));
      seen.push(yield up(2, { x: 3 }));
      seen.push(yield* up());
      return [x, x ** 2];
    });
    assertEquals(greenlet.switch(3), { x: 3 });
    assertEquals(greenlet.switch(), [2, { x: 3 }]);
    assertEquals(greenlet.switch(1, 2), undefined);
    assertEquals(greenlet.switch("last"), [3, 9]);
    assertEquals(seen, [undefined, [1, 2], "last"]);
  });

  Deno.test(`G05 two children go on independently, and are dead when run has returned [${name}]`, () => {
    const list: number[] = [];
    function* body(): Generator<unknown, void, unknown> {
      list.push(1);
      yield up();
      list.push(1, 1);
    }
    const [g, h] = [make(body), make(body)];
    g.switch();
    assertEquals(list.length, 1);
    h.switch();
    assertEquals([list.length, h.dead], [2, false]);
    h.switch();
    assertEquals([list.length, h.dead, g.dead], [4, true, false]);
    g.switch();
    assertEquals([list.length, g.dead], [6, true]);
  });

  Deno.test(`G05 a greenlet that a greenlet has made has it as its parent [${name}]`, () => {
    const list: string[] = [];
    const outer = make(function* () {
      list.push("a");
      const inner = make(function* () {
        list.push("b");
        assertStrictEquals(getCurrent().parent, outer);
        yield up();
      });
      yield inner.switch();
      list.push("c");
    });
    outer.switch();
    assertEquals(list, ["a", "b", "c"]);
  });

  Deno.test(`G07 G22 G23 an error goes to the parent, and a switch to a dead greenlet, too [${name}]`, () => {
    const seen: unknown[] = [];
    const [g1, g2] = [make(fmain), make(fmain)];
    g1.switch(seen);
    g2.switch(seen);
    g2.parent = g1;
    assertEquals(seen, []);
    assertThrows(() => g2.switch(), SomeError);
    assertEquals(seen, [SomeError]);
    assert(g1.dead && g2.dead);
    assertEquals(g2.switch(), undefined);
    assertEquals(g2.switch(25), 25);
    assertEquals(seen, [SomeError]);
  });

  Deno.test(`G08 a greenlet without run is not started, by switch or throw [${name}]`, () => {
    for (const greenlet of [make(), make(null), make(undefined, null)]) {
      assertThrows(() => greenlet.switch(), InvalidStateError, "it has no run function");
      assertThrows(() => greenlet.throw(SomeError), InvalidStateError, "it has no run function");
      assertEquals([greenlet.started, greenlet.dead], [false, false]);
      assertStrictEquals(greenlet.parent, main);
    }
  });

  Deno.test(`G08 a greenlet hears that another one has no run [${name}]`, () => {
    const nothing = make();
    const greenlet = make(function* () {
      try {
        yield nothing.switch();
      } catch (error) {
        return (error as Error).message;
      }
    });
    assertEquals(greenlet.switch(), "Cannot start greenlet: it has no run function");
  });

  Deno.test(`G08 a greenlet that ends below a parent without run tells the parent's parent [${name}]`, () => {
    const child = make(() => 1, make());
    assertThrows(() => child.switch(), InvalidStateError, "it has no run function");
    assert(child.dead);
  });

  Deno.test(`G13 a result starts a parent that was not started, as its argument [${name}]`, () => {
    const parent = make((x) => [x, 24]);
    const child = make(function* () {
      return yield* getCurrent().switch<number>(42);
    }, parent);
    assertEquals(child.switch(), [42, 24]);
    assert(parent.dead);
  });

  Deno.test(`G14 a switch to a dead greenlet with another parent is a switch to that [${name}]`, () => {
    const seen: number[] = [];
    const parent = make(() => void seen.push(24));
    const child = make(() => void seen.push(42));
    child.switch();
    child.parent = parent;
    assertEquals(child.switch(), undefined);
    assertEquals(seen, [42, 24]);
  });

  Deno.test(`G25 G26 throw() ends a greenlet with a GreenletExit that is returned, also when it is dead [${name}]`, () => {
    const greenlet = make(function* () {
      yield up("ok");
      yield up("fail");
    });
    assertEquals(greenlet.switch(), "ok");
    assert(greenlet.throw() instanceof GreenletExit);
    assert(greenlet.dead);
    assert(greenlet.throw() instanceof GreenletExit);
    assertThrows(() => greenlet.throw(SomeError), SomeError);
  });

  Deno.test(`G25 a greenlet may throw a GreenletExit itself, or catch it and go on [${name}]`, () => {
    const exit = new GreenletExit();
    const thrower = make(() => {
      throw exit;
    });
    assertStrictEquals(thrower.switch(), exit);
    const survivor = make(function* () {
      try {
        yield up();
      } catch (error) {
        yield up(error);
      }
      return "end";
    });
    survivor.switch();
    assertStrictEquals(survivor.throw(exit), exit);
    assertEquals([survivor.dead, survivor.switch()], [false, "end"]);
  });

  Deno.test(`G25 throw() passes an error, or makes one of a class [${name}]`, () => {
    function* body(): Generator<unknown, void, unknown> {
      try {
        yield up("ok");
      } catch (error) {
        yield up((error as Error).message);
        return;
      }
      yield up("fail");
    }
    for (const [error, message] of [[RangeError, ""], [new RangeError("ciao"), "ciao"]] as const) {
      const greenlet = make(body);
      assertEquals(greenlet.switch(), "ok");
      assertEquals(greenlet.throw(error), message);
    }
  });

  Deno.test(`G25 throw() to a greenlet that was not started kills it and goes to its parent [${name}]`, () => {
    function* first(): Generator<unknown, string, unknown> {
      try {
        yield main.switch("ready to catch");
      } catch (error) {
        if (error instanceof SomeError) return "caught";
        throw error;
      }
      return "normal exit";
    }
    function* second(): Generator<unknown, void, unknown> {
      yield main.switch("from second");
    }
    let g1 = make(first);
    let g2 = make(second, g1);
    assertThrows(() => g2.throw(SomeError), SomeError);
    assert(g1.dead && g2.dead);

    g1 = make(first);
    g2 = make(second, g1);
    assertEquals(g1.switch(), "ready to catch");
    assertEquals(g2.throw(SomeError), "caught");
    assert(g1.dead && g2.dead);

    g1 = make(first);
    g2 = make(second, g1);
    assertEquals(g1.switch(), "ready to catch");
    assertEquals(g2.switch(), "from second");
    assertEquals(g2.throw(SomeError), "caught");
    assert(g1.dead && g2.dead);
    assert(make(second).throw() instanceof GreenletExit);
  });

  Deno.test(`G28 throw() takes errors alone [${name}]`, () => {
    const greenlet = make(() => 1);
    for (const wrong of ["abc", 5, null, {}, () => 1, Map]) {
      assertThrows(
        () => greenlet.throw(wrong as Error),
        TypeError,
        "Cannot throw: 'error' must be an error or a class of errors: received",
      );
    }
    assertEquals(greenlet.switch(), 1);
  });

  Deno.test(`G31 an error that one greenlet throws into another comes to whoever is the parent of that [${name}]`, () => {
    const seen: unknown[] = [];
    const greenlet = make(fmain);
    greenlet.switch(seen);
    const crasher = make((error) => {
      throw error;
    }, greenlet);
    const error = new SomeError();
    assertStrictEquals(assertThrows(() => crasher.switch(error)), error);
    assertEquals(seen, [SomeError]);
  });

  Deno.test(`G32 a parent has to be a greenlet [${name}]`, () => {
    const greenlet = make();
    for (const wrong of [null, undefined, 1, "42", {}, Object.create(RawGreenlet.prototype)]) {
      assertThrows(
        () => (greenlet as { parent: unknown }).parent = wrong,
        TypeError,
        "Cannot set parent: it must be a RawGreenlet: received",
      );
    }
    assertThrows(() => make(null, "42" as unknown as RawGreenlet), TypeError, 'received "42"');
    assertThrows(() => make(7 as unknown as GreenletFunction), TypeError, "received 7");
    assertStrictEquals(greenlet.parent, main);
  });

  Deno.test(`G34 parents in a circle are refused [${name}]`, () => {
    const [a, b, c] = [make(), make(), make()];
    assertThrows(() => a.parent = a, InvalidStateError, "circle");
    b.parent = a;
    c.parent = b;
    assertThrows(() => a.parent = c, InvalidStateError, "circle");
    assertStrictEquals(a.parent, main);
  });

  Deno.test(`G35 the main greenlet has no parent and gets none [${name}]`, () => {
    assertEquals([main.parent, main.started, main.dead], [null, true, false]);
    assertThrows(() => main.parent = make(), InvalidStateError, "the main greenlet has none");
  });

  Deno.test(`G49 G50 what is to be seen of a greenlet [${name}]`, () => {
    const look = (greenlet: RawGreenlet) => [
      greenlet.started,
      greenlet.dead,
      `${greenlet}`.replace(/^<\w+ /, "<"),
    ];
    const greenlet = make(function* () {
      yield up(look(getCurrent()));
      assertEquals(look(main), [true, false, "<suspended main>"]);
    });
    assertEquals(look(greenlet), [false, false, "<pending>"]);
    assertEquals(greenlet.switch(), [true, false, "<current>"]);
    assertEquals(look(greenlet), [true, false, "<suspended>"]);
    greenlet.switch();
    assertEquals(look(greenlet), [true, true, "<dead>"]);
    assertEquals(look(main), [true, false, "<current main>"]);
    assert(`${greenlet}`.startsWith(`<${greenlet.constructor.name} `));
  });

  Deno.test(`a greenlet keeps the fields that it is given [${name}]`, () => {
    const greenlet = make(() => Object.assign(getCurrent(), { test: 42 }));
    assertStrictEquals(greenlet.switch(), greenlet);
    assertEquals((greenlet as unknown as { test: number }).test, 42);
  });
}

/*
 * Left out:
 *
 * | statement | why |
 * | --- | --- |
 * | G10 G37 | a greenlet does not travel to another thread: tests/coroutine/threads_test.ts |
 * | G13 (TypeError for a parent that takes no argument) | JavaScript functions take any number of arguments |
 * | G17 (`run` is no attribute while running) | `run` is a method here; the function itself is let go: G44 |
 * | G19 (copy) | `structuredClone` looks at no method; sending one is refused: tests/coroutine/threads_test.ts |
 * | G20 (abstract subclasses) | the type checker refuses them; without `run` they are not started: G08 |
 * | G28 (tracebacks, values beside instances) | there are no such arguments |
 * | G29 (`sys.exc_info` of each greenlet) | JavaScript has no exception that is being handled |
 * | G47 (interpreter shutdown) | no code runs when a program has ended |
 * | G58 (access while it runs elsewhere, delete) | a greenlet has one thread; a property of a class is not deleted |
 * | G62 (classes of the main greenlet) | the main greenlet is made before any program could name a class |
 */
