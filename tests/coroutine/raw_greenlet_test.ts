import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { getCurrent, RawGreenlet } from "../../coroutine/mod.ts";
import { InvalidStateError } from "../../errors.ts";

const main = getCurrent();

// -- a `yield` that was forgotten

/** Asserts that a greenlet fails because of a switch to `other`, who did not run. */
function assertForgotten(
  body: (other: RawGreenlet) => Generator<unknown, unknown, unknown>,
  action: string,
): InvalidStateError {
  let ran = false;
  const other = new RawGreenlet(() => ran = true);
  const greenlet = new RawGreenlet(() => body(other));
  const error = assertThrows(
    () => greenlet.switch(),
    InvalidStateError,
    `Cannot ${action}: the switch to <RawGreenlet pending> was not yielded`,
  );
  assertEquals([ran, greenlet.dead, getCurrent() === main], [false, true, true]);
  assertEquals(new RawGreenlet(() => 1).switch(), 1, "the next switch is sound");
  return error;
}

Deno.test("RawGreenlet.switch() that is not yielded fails at the next switch", () => {
  assertForgotten(function* (other) {
    other.switch(1);
    yield main.switch(2);
  }, "switch again");
  assertForgotten(function* (other) {
    [1, 2].map((n) => other.switch(n));
    yield main.switch();
  }, "switch again");
  assertForgotten(function* (other) {
    other.throw();
    yield main.throw();
  }, "switch again");
});

Deno.test("RawGreenlet.switch() that is not yielded fails at the end of the greenlet", () => {
  assertForgotten(function* (other) {
    yield getCurrent().switch();
    other.switch(1);
  }, "end greenlet");
  assertForgotten(function* (other) {
    yield getCurrent().switch();
    return other.switch(1);
  }, "end greenlet");
});

Deno.test("RawGreenlet.switch() that is not yielded fails when something else is yielded", () => {
  assertForgotten(function* (other) {
    other.switch(1);
    yield "else";
  }, 'yield "else"');
});

Deno.test("RawGreenlet.switch() that is not yielded is named as the cause of what comes of it", () => {
  const { cause } = assertForgotten(function* (other) {
    const list = other.switch<{ missing: { length: number } }>();
    yield main.switch(list.missing.length);
  }, "go on");
  assert(cause instanceof TypeError);
});

Deno.test("RawGreenlet.switch() that is not yielded gives nothing to calculate with, and nothing to await", async () => {
  assertForgotten(function* (other) {
    yield main.switch(`${other.switch(1)}`);
  }, "use the value of a switch");
  const promises: Promise<unknown>[] = [];
  const waiting = async (switching: unknown) => await switching;
  assertForgotten(function* (other) {
    promises.push(waiting(other.switch(1)));
    yield* [];
  }, "end greenlet");
  assertEquals(
    (await Promise.allSettled(promises)).map(({ status }) => status),
    ["rejected"],
  );
});

Deno.test("RawGreenlet.switch(): who catches the error of a forgotten yield goes on", () => {
  const other = new RawGreenlet(() => 1);
  const greenlet = new RawGreenlet(function* () {
    const seen: unknown[] = [];
    try {
      other.switch();
      yield other.switch();
    } catch (error) {
      seen.push(error instanceof InvalidStateError);
    }
    try {
      other.switch();
      yield 5;
    } catch (error) {
      seen.push(error instanceof InvalidStateError);
    }
    seen.push(yield main.switch(seen));
    return seen;
  });
  assertEquals(greenlet.switch(), [true, true]);
  assertEquals(greenlet.switch("on"), [true, true, "on"]);
});

Deno.test("RawGreenlet refuses what is yielded and is no switch", () => {
  function* helper(): Generator<unknown, void, unknown> {
    yield main.switch();
  }
  for (
    const [value, text] of [
      [5, "5"],
      [undefined, "undefined"],
      [() => 1, "a function"],
      [Promise.resolve(), "an object of class Promise"],
      [helper(), "a generator without 'yield*'"],
    ]
  ) {
    const greenlet = new RawGreenlet(function* () {
      yield value;
    });
    assertThrows(() => greenlet.switch(), InvalidStateError, `Cannot yield ${text}:`);
    assert(greenlet.dead);
  }
});

Deno.test("RawGreenlet refuses a switch that is yielded twice", () => {
  const other = new RawGreenlet(function* () {
    for (;;) yield main.switch();
  });
  const greenlet = new RawGreenlet(function* () {
    const switching = main.switch();
    yield switching;
    yield switching;
  });
  other.switch();
  greenlet.switch();
  assertThrows(() => greenlet.switch(), InvalidStateError, "Cannot yield a switch twice");
});

Deno.test("RawGreenlet.switch() may be yielded later, and by yield* with its type", () => {
  const greenlet = new RawGreenlet(function* () {
    const switching = main.switch("first");
    const name: string = yield* main_(switching);
    const length: number = (yield* main.switch<string>("second")).length;
    return [name, length];
  });
  function* main_(switching: Iterable<unknown>): Generator<unknown, string, string> {
    return yield switching;
  }
  assertEquals(greenlet.switch(), "first");
  assertEquals(greenlet.switch("name"), "second");
  assertEquals(greenlet.switch("four"), ["name", 4]);
});

Deno.test("RawGreenlet: an error passes through yield*, too", () => {
  const greenlet = new RawGreenlet(function* () {
    try {
      yield* main.switch("first");
    } catch (error) {
      return error;
    }
  });
  greenlet.switch();
  const error = new RangeError();
  assertStrictEquals(greenlet.throw(error), error);
});

// -- plain functions

Deno.test("RawGreenlet with a plain function switches to those that switch back", () => {
  const plain = new RawGreenlet((n: number) => {
    const seen = [getCurrent() === plain];
    const counter = new RawGreenlet(function* (i: number): Generator<unknown, void, unknown> {
      for (;; i++) yield plain.switch(i);
    });
    return [counter.switch(n), counter.switch(), counter.switch(), ...seen];
  });
  assertEquals(plain.switch(5), [5, 6, 7, true]);
  assertStrictEquals(getCurrent(), main);
});

Deno.test("RawGreenlet: plain functions nest, and each goes on when its own have ended", () => {
  const list: string[] = [];
  const nest = (depth: number): string => {
    list.push(`in ${depth}`);
    if (depth < 3) {
      const inner: string = new RawGreenlet(nest).switch(depth + 1);
      const body = new RawGreenlet(function* () {
        yield new RawGreenlet(() => list.push(`beside ${depth}`)).switch();
        return inner;
      });
      list.push(body.switch());
    }
    return `out ${depth}`;
  };
  assertEquals(new RawGreenlet(nest).switch(1), "out 1");
  assertEquals(list, ["in 1", "in 2", "in 3", "beside 2", "out 3", "beside 1", "out 2"]);
});

Deno.test("RawGreenlet: a plain function may switch before it gives a generator", () => {
  const greenlet = new RawGreenlet((n: number) => {
    const failing = new RawGreenlet(() => {
      throw new RangeError("before");
    });
    assertThrows(() => failing.switch(), RangeError, "before");
    return (function* () {
      return n + (yield* main.switch<number>("begun"));
    })();
  });
  assertEquals([greenlet.switch(1), greenlet.switch(2)], ["begun", 3]);
});

Deno.test("RawGreenlet: nothing switches past a plain function that has not ended", () => {
  const text = "Cannot switch to <RawGreenlet suspended main>: the plain function of";
  const direct = new RawGreenlet(() => main.switch());
  assertThrows(() => direct.switch(), InvalidStateError, text);
  assert(direct.dead);

  const through = new RawGreenlet(() => {
    const child = new RawGreenlet(function* () {
      try {
        yield main.switch();
      } catch (error) {
        return error;
      }
    });
    return child.switch();
  });
  assert(through.switch() instanceof InvalidStateError);

  const orphan = new RawGreenlet(() => {
    throw new RangeError("lost");
  });
  const above = new RawGreenlet(() => assertThrows(() => orphan.switch(), InvalidStateError, text));
  const { cause } = above.switch<Error>();
  assert(cause instanceof RangeError);
  assertStrictEquals(getCurrent(), main);
});

Deno.test("RawGreenlet: a switch to the current greenlet gives the value back", () => {
  assertEquals(main.switch(1), 1);
  assertThrows(() => main.throw(new RangeError("own")), RangeError, "own");
  const greenlet = new RawGreenlet(function* () {
    return (yield getCurrent().switch(2)) + 1;
  });
  assertEquals(greenlet.switch(), 3);
});

Deno.test("RawGreenlet refuses asynchronous functions and what is no function", () => {
  const wrong = [async () => {}, async function* () {}, 5, "run", {}];
  for (const run of wrong) {
    assertThrows(
      () => new RawGreenlet(run as () => void),
      TypeError,
      "'run' must be a function or a generator function: received",
    );
  }
  class Asynchronous extends RawGreenlet {
    override async run(): Promise<void> {}
  }
  const greenlet = new Asynchronous();
  assertThrows(() => greenlet.switch(), TypeError, "received an asynchronous one");
  assertEquals(greenlet.started, false);
});

Deno.test("RawGreenlet: a promise is a value like any other", async () => {
  const promise = Promise.resolve(5);
  const greenlet = new RawGreenlet(function* () {
    yield main.switch(promise);
    return promise;
  });
  assertStrictEquals(greenlet.switch(), promise);
  assertEquals(await greenlet.switch<Promise<number>>(), 5);
  assertStrictEquals(getCurrent(), main);
});

// -- run

Deno.test("G16 RawGreenlet: looking for run may start the greenlet", () => {
  class Convoluted extends RawGreenlet {
    count = 0;
    loop(value: unknown): Generator<unknown, void, unknown> {
      return (function* (self: RawGreenlet) {
        for (;;) yield self.parent?.switch(value);
      })(this);
    }
  }
  Object.defineProperty(Convoluted.prototype, "run", {
    get(this: Convoluted) {
      if (this.count === 0) {
        this.count = 1;
        this.switch(43);
      }
      return this.loop;
    },
  });
  assertEquals(new Convoluted().switch(42), 43);
});

Deno.test("G17 RawGreenlet.run can be set before the start, and the constructor's is gone with it", () => {
  const greenlet = new RawGreenlet(() => 1);
  assertEquals(greenlet.run(), 1);
  greenlet.switch();
  assertThrows(() => greenlet.run(), InvalidStateError, "it has no run function");
  const suspended = new RawGreenlet(function* () {
    yield main.switch();
  });
  suspended.switch();
  assertThrows(() => suspended.run(), InvalidStateError, "it has no run function");
  const later = new RawGreenlet();
  later.run = (x: number) => x + 1;
  assertEquals(later.switch(1), 2);
});

Deno.test("RawGreenlet: an error in looking for run goes to who switched, or to the next parent", () => {
  class Perverse extends RawGreenlet {}
  Object.defineProperty(Perverse.prototype, "run", {
    get() {
      throw new RangeError("perverse");
    },
  });
  const seen: number[] = [];
  const child = new RawGreenlet(() => void seen.push(42), new Perverse());
  assertThrows(() => child.switch(), RangeError, "perverse");
  assertThrows(() => child.switch(), RangeError, "perverse");
  assertEquals(seen, [42]);
});

Deno.test("RawGreenlet: a method run has its greenlet as this", () => {
  class Counter extends RawGreenlet {
    count = 0;
    override *run(step: number): Generator<unknown, string, number> {
      while (this.count < 5) {
        this.count += step;
        step = yield this.parent?.switch(this.count);
      }
      return "end";
    }
  }
  const counter = new Counter();
  assertEquals([counter.switch(1), counter.switch(2), counter.switch(2)], [1, 3, 5]);
  assertEquals([counter.switch(), counter.count], ["end", 5]);
});

Deno.test("RawGreenlet: a thousand in a row, and as many parents, take no stack", () => {
  let last = main;
  for (let i = 0; i < 20_000; i++) last = new RawGreenlet((n: number) => n + 1, last);
  assertEquals(last.switch(0), 20_000);
});

// -- contexts

const storage = new AsyncLocalStorage<string>();

Deno.test("G55 RawGreenlet runs in the context of whoever calls from plain code", () => {
  const greenlet = new RawGreenlet(function* () {
    for (;;) yield main.switch(storage.getStore());
  });
  const seen = [greenlet.switch(), storage.run("one", () => greenlet.switch())];
  storage.run("two", () => seen.push(greenlet.switch()));
  assertEquals(seen, [undefined, "one", "two"]);
});

Deno.test("G56 RawGreenlet.grContext: greenlets run in contexts of their own, or share one", () => {
  const make = () =>
    new RawGreenlet(function* () {
      try {
        for (;;) yield main.switch(storage.getStore());
      } catch {
        return storage.getStore();
      }
    });
  const [one, two, plain] = [make(), make(), new RawGreenlet(() => storage.getStore())];
  storage.run("first", () => one.grContext = AsyncLocalStorage.snapshot());
  two.grContext = plain.grContext = one.grContext;
  storage.run("other", () => {
    assertEquals([one.switch(), two.switch(), plain.switch()], ["first", "first", "first"]);
    two.grContext = null;
    assertEquals([one.switch(), two.switch(), storage.getStore()], ["first", "other", "other"]);
    two.grContext = (fn) => storage.run("third", fn);
    assertEquals([one.throw(Error), two.throw(Error)], ["first", "third"]);
  });
  for (const wrong of [1, "context", undefined, {}]) {
    assertThrows(
      () => (one as { grContext: unknown }).grContext = wrong,
      TypeError,
      "Cannot set grContext: it must be a function or null",
    );
  }
});

Deno.test("G56 RawGreenlet.grContext may be set while the greenlet is suspended", () => {
  const greenlet = new RawGreenlet(function* () {
    for (;;) yield main.switch(storage.getStore());
  });
  assertEquals(greenlet.switch(), undefined);
  const run = storage.run("later", () => AsyncLocalStorage.snapshot());
  greenlet.grContext = run;
  assertStrictEquals(greenlet.grContext, run);
  assertEquals(greenlet.switch(), "later");
});
