import { assertEquals } from "@std/assert";
import { ReachableWait } from "../../_core/reachable_wait.ts";
import { WaitScope } from "../../_core/wait_scope.ts";

/** A wait that notes what it is interrupted with. */
class NotedWait extends ReachableWait {
  readonly what: string;
  readonly #log: string[];
  readonly #throws: boolean;
  readonly #isLastResort: boolean;

  constructor(log: string[], what: string, { throws = true, isLastResort = false } = {}) {
    super();
    this.what = what;
    this.#log = log;
    this.#throws = throws;
    this.#isLastResort = isLastResort;
  }

  override get isLastResort(): boolean {
    return this.#isLastResort;
  }

  interrupt(error: unknown): boolean {
    this.#log.push(`${this.what}: ${error}`);
    return this.#throws;
  }
}

function setUp(...waits: (readonly [string, { throws?: boolean; isLastResort?: boolean }?])[]): {
  scope: WaitScope;
  log: string[];
} {
  const scope = new WaitScope();
  const log: string[] = [];
  for (const [what, options] of waits) scope.enter(new NotedWait(log, what, options));
  return { scope, log };
}

Deno.test("WaitScope.interrupt() ends all waits, the newest first", () => {
  const { scope, log } = setUp(["one"], ["two"]);
  assertEquals(scope.whats(), ["one", "two"]);
  assertEquals([scope.interrupt("stop"), log], [true, ["two: stop", "one: stop"]]);
  assertEquals([scope.isInterrupted, scope.newest], [false, null]);
});

Deno.test("WaitScope.interrupt() of a scope without waits meets the next one", () => {
  const { scope, log } = setUp();
  assertEquals([scope.interrupt("stop"), scope.isInterrupted], [false, true]);
  scope.enter(new NotedWait(log, "next"));
  scope.enter(new NotedWait(log, "one more"));
  assertEquals([log, scope.isInterrupted, scope.whats()], [["next: stop"], false, ["one more"]]);
});

Deno.test("WaitScope.interrupt() ends a last resort if there is nothing else", () => {
  const both = setUp(["last", { isLastResort: true }], ["other"]);
  assertEquals([both.scope.interrupt("stop"), both.log], [true, ["other: stop"]]);
  assertEquals(both.scope.whats(), ["last"]);
  assertEquals([both.scope.interrupt("again"), both.log.at(-1)], [true, "last: again"]);
});

Deno.test("WaitScope.interrupt() of a wait that has what it wants meets the next one, and no last resort", () => {
  const { scope, log } = setUp(["last", { isLastResort: true }], ["over", { throws: false }]);
  assertEquals([scope.interrupt("stop"), scope.isInterrupted, log], [false, true, ["over: stop"]]);
  scope.enter(new NotedWait(log, "next"));
  assertEquals([log.at(-1), scope.isInterrupted], ["next: stop", false]);
});

Deno.test("WaitScope.calmDown() takes back what met no wait", () => {
  const { scope, log } = setUp();
  scope.interrupt("stop");
  scope.calmDown("other");
  assertEquals(scope.isInterrupted, true);
  scope.calmDown("stop");
  scope.enter(new NotedWait(log, "next"));
  assertEquals([log, scope.isInterrupted], [[], false]);
});

Deno.test("WaitScope.interrupt() keeps several interruptions, each for one wait, the oldest first", () => {
  const { scope, log } = setUp();
  assertEquals(["one", "two", "three", "one"].map((error) => scope.interrupt(error)), [
    false,
    false,
    false,
    false,
  ]);
  assertEquals([scope.calmDown("three"), scope.calmDown("three")], [true, false]);
  for (const what of ["a", "b", "c"]) scope.enter(new NotedWait(log, what));
  assertEquals([log, scope.isInterrupted, scope.whats()], [["a: two", "b: one"], false, ["c"]]);
});
