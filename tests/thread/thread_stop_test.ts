import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { CancelledError, UnshareableError } from "../../errors.ts";
import { type AnyThread, currentThread, Thread } from "../../thread/mod.ts";
import {
  add,
  makeWords,
  signalInLoop,
  stopOther,
  stopper,
  throwIfStopped,
  waitForSignal,
  waitUntilSet,
} from "./tasks.ts";

Deno.test("Thread.stop() is seen by a tight loop as stopRequested", async () => {
  const words = makeWords();
  const thread = new Thread({ target: stopper, args: [words] }).start();
  waitUntilSet(words, 0);
  assert(!thread.stopRequested);
  thread.stop();
  assert(thread.stopRequested);
  assertEquals(await thread.join(), "stopped");
  assert(!currentThread().stopRequested);
});

Deno.test("Thread.stop() aborts the signal of a loop that never yields", async () => {
  const words = makeWords();
  const thread = new Thread({ target: signalInLoop, args: [words], name: "looper" }).start();
  waitUntilSet(words, 0);
  thread.stop();
  assertEquals(await thread.join(), [
    true,
    "CancelledError: Cannot finish thread looper: it was asked to stop",
  ]);
});

Deno.test("Thread.stop() aborts the signal of an async target, with the reason", async () => {
  const words = makeWords();
  const thread = new Thread({ target: waitForSignal, args: [words] }).start();
  waitUntilSet(words, 0);
  thread.stop({ why: "shutdown" });
  thread.stop({ why: "another reason" });
  assertEquals(await thread.join(), { why: "shutdown" });
});

Deno.test("Thread.stop() works from another thread", async () => {
  const words = makeWords();
  const thread = new Thread({ target: waitForSignal, args: [words] }).start();
  waitUntilSet(words, 0);
  await new Thread({ target: stopOther, args: [thread as AnyThread, "over there"] }).start().join();
  assertEquals(await thread.join(), "over there");
});

Deno.test("Thread.signal is aborted in the thread that stops it, too", async () => {
  const words = makeWords();
  const thread = new Thread({ target: stopper, args: [words] }).start();
  waitUntilSet(words, 0);
  const { signal } = thread;
  assert(!signal.aborted);
  thread.stop("now");
  assert(thread.signal.aborted);
  assertStrictEquals(thread.signal, signal);
  assertEquals(signal.reason, "now");
  await thread.join();
  assert(thread.signal.aborted);
});

Deno.test("Thread.join() rejects with the reason that a stopped thread throws", async () => {
  const words = makeWords();
  const thread = new Thread({ target: throwIfStopped, args: [words] }).start();
  waitUntilSet(words, 0);
  thread.stop();
  await assertRejects(() => thread.join(), CancelledError);
});

Deno.test("Thread.stop() refuses a reason that cannot travel", async () => {
  const words = makeWords();
  const thread = new Thread({ target: stopper, args: [words] }).start();
  assertThrows(() => thread.stop(Symbol("reason")), UnshareableError);
  assertThrows(() => thread.stop(words), UnshareableError);
  assert(!thread.stopRequested);
  thread.stop();
  await thread.join();
});

Deno.test("Thread.stop() after the end does nothing", async () => {
  const thread = new Thread({ target: add, args: [1, 2] }).start();
  await thread.join();
  thread.stop();
  assert(!thread.signal.aborted);
  assertEquals(await thread.join(), 3);
});
