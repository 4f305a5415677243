import { assert, assertEquals, assertThrows } from "@std/assert";
import { Timer } from "../../thread/mod.ts";
import { add } from "./tasks.ts";

Deno.test("Timer runs its target once, after the interval", async () => {
  const began = performance.now();
  const timer = new Timer(40, add, [1, 2]).start();
  assertEquals(timer.interval, 40);
  assertEquals(await timer.join(), 3);
  assert(performance.now() - began >= 39);
});

Deno.test("Timer.cancel() keeps the target from running", async () => {
  const timer = new Timer(60_000, add, [1, 2]).start();
  assert(timer.isAlive());
  timer.cancel();
  timer.cancel();
  assertEquals(await timer.join(), undefined);
});

Deno.test("Timer.cancel() before the start keeps the target from running", async () => {
  const timer = new Timer(0, add, [1, 2]);
  timer.cancel();
  assertEquals(await timer.start().join(), undefined);
});

Deno.test("Timer.cancel() after the end does nothing", async () => {
  const timer = new Timer(0, add, [1, 2]).start();
  assertEquals(await timer.join(), 3);
  timer.cancel();
  assertEquals(await timer.join(), 3);
});

Deno.test("Timer.stop() ends the delay", async () => {
  const timer = new Timer(60_000, add, [1, 2]).start();
  timer.stop();
  assertEquals(await timer.join(), undefined);
});

Deno.test("Timer does not share its default arguments", async () => {
  const first = new Timer(0, (...args: unknown[]) => args.push(1)).start();
  const second = new Timer(0, (...args: unknown[]) => args.push(1)).start();
  assertEquals([await first.join(), await second.join()], [1, 1]);
});

Deno.test("new Timer() refuses a bad interval and a bad target", () => {
  assertThrows(() => new Timer(-1, add, [1, 2]), RangeError);
  assertThrows(() => new Timer(NaN, add, [1, 2]), RangeError);
  assertThrows(() => new Timer("5" as unknown as number, add, [1, 2]), TypeError, "'interval'");
  assertThrows(() => new Timer(1, 5 as unknown as () => void), TypeError);
});
