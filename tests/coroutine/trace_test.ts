import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  getCurrent,
  getTrace,
  RawGreenlet,
  setTrace,
  type TraceFunction,
} from "../../coroutine/mod.ts";
import { InvalidStateError } from "../../errors.ts";

const main = getCurrent();

type Events = [event: string, origin: RawGreenlet, target: RawGreenlet][];

/** Notes every switch while `body` runs. */
function traced(body: () => void): Events {
  const events: Events = [];
  const previous = setTrace((...event) => events.push(event));
  try {
    body();
  } finally {
    setTrace(previous);
  }
  return events;
}

function assertEvents(actual: Events, expected: Events): void {
  const names = new Map<RawGreenlet, string>([[main, "main"]]);
  const show = ([event, ...ends]: Events[number]) => {
    for (const end of ends) if (!names.has(end)) names.set(end, `g${names.size}`);
    return [event, ...ends.map((end) => names.get(end))].join(" ");
  };
  const wanted = expected.map(show);
  assertEquals(actual.map(show), wanted);
}

Deno.test("G52 setTrace() sees starts, ends, values and errors, in order", () => {
  const g1 = new RawGreenlet(() => {});
  const g2 = new RawGreenlet(() => {
    throw new RangeError("some");
  });
  const events = traced(() => {
    g1.switch();
    assertThrows(() => g2.switch(), RangeError);
  });
  assertEvents(events, [
    ["switch", main, g1],
    ["switch", g1, main],
    ["switch", main, g2],
    ["throw", g2, main],
  ]);
});

Deno.test("G52 setTrace() sees what passes between greenlets, and who goes on for a dead one", () => {
  const pong: RawGreenlet = new RawGreenlet(function* () {
    yield ping.switch();
    yield ping.throw(new RangeError());
  });
  const ping: RawGreenlet = new RawGreenlet(function* () {
    yield pong.switch();
    try {
      yield pong.switch();
    } catch {
      yield dead.switch();
    }
  });
  const dead = new RawGreenlet(() => {});
  dead.switch();
  assertEvents(traced(() => ping.switch()), [
    ["switch", main, ping],
    ["switch", ping, pong],
    ["switch", pong, ping],
    ["switch", ping, pong],
    ["throw", pong, ping],
    ["switch", ping, main],
  ]);
  const unborn = new RawGreenlet(() => 1, ping);
  assertEvents(traced(() => unborn.throw()), [
    ["throw", main, unborn],
    ["switch", unborn, ping],
    ["switch", ping, main],
  ]);
});

Deno.test("G52 setTrace() returns the function before; getTrace() the present one", () => {
  const [one, two]: TraceFunction[] = [() => {}, () => {}] as [TraceFunction, TraceFunction];
  assertEquals(setTrace(one as TraceFunction), null);
  assertStrictEquals(setTrace(two as TraceFunction), one);
  assertStrictEquals(getTrace(), two);
  assertStrictEquals(setTrace(null), two);
  assertEquals(getTrace(), null);
  assertThrows(() => setTrace(1 as unknown as TraceFunction), TypeError, "expected a function");
});

Deno.test("G52 the target is the current greenlet while the trace function runs", () => {
  const greenlet = new RawGreenlet(() => {});
  const seen: RawGreenlet[] = [];
  const states: string[] = [];
  setTrace(() => {
    seen.push(getCurrent());
    states.push(`${greenlet} ${main}`);
  });
  greenlet.switch();
  setTrace(null);
  assertEquals(states, [
    "<RawGreenlet current> <RawGreenlet suspended main>",
    "<RawGreenlet dead> <RawGreenlet current main>",
  ]);
  assertEquals(seen.length, 2);
  assertStrictEquals(seen[0], greenlet);
  assertStrictEquals(seen[1], main);
});

Deno.test("G53 a trace function that throws is taken away, and its error is thrown where the target goes on", () => {
  const events: string[] = [];
  const error = new RangeError("trace");
  const trace: TraceFunction = (event) => {
    events.push(event);
    throw error;
  };
  const suspended = new RawGreenlet(function* () {
    yield main.switch();
  });
  suspended.switch();
  setTrace(trace);
  assertStrictEquals(assertThrows(() => suspended.switch()), error);
  assertEquals([getTrace(), suspended.dead], [null, true]);

  const fresh = new RawGreenlet(() => events.push("ran"));
  setTrace(trace);
  assertStrictEquals(assertThrows(() => fresh.switch()), error);
  assertEquals([getTrace(), fresh.dead], [null, true]);

  let first = true;
  setTrace((event, origin, target) => {
    if (!first) trace(event, origin, target);
    first = false;
  });
  assertStrictEquals(assertThrows(() => new RawGreenlet(() => 1).switch()), error);
  assertEquals([getTrace(), events], [null, ["switch", "switch", "switch"]]);
});

Deno.test("setTrace(): a trace function may not switch", () => {
  const other = new RawGreenlet(() => {});
  const suspended = new RawGreenlet(function* () {
    yield main.switch();
  });
  suspended.switch();
  for (const greenlet of [new RawGreenlet(() => {}), suspended]) {
    setTrace(() => void other.switch());
    assertThrows(() => greenlet.switch(), InvalidStateError, "a trace function is running");
    assertEquals([getTrace(), other.started, getCurrent() === main], [null, false, true]);
    setTrace(null);
  }
});
