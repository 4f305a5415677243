import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Channel,
  createTask,
  Greenlet,
  GreenletPool,
  Group,
  hub,
  idle,
  joinAll,
  sleep,
  spawn,
} from "../../coroutine/mod.ts";
import { CancelledError, GreenletExit } from "../../errors.ts";
import { reportsOf } from "../conformance/gevent_support.ts";

Deno.test("Group.add() and kill() do not wait for room for a greenlet that is dead", async () => {
  const pool = new GreenletPool(1);
  const member = pool.spawn(() => sleep(60_000));
  const outsider = spawn(() => sleep(60_000));
  const added = pool.add(outsider);
  assertEquals([pool.length, pool.has(outsider)], [2, true]);
  await outsider.kill();
  await added;
  assertEquals([pool.length, pool.has(outsider), member.dead], [1, false, false]);
  await pool.kill();
  const none = new GreenletPool(0);
  const waiting = [none.add(spawn(() => sleep(60_000))), none.spawn(() => {}).join()];
  await none.kill();
  await Promise.all(waiting);
  assertEquals(none.length, 0);
});

Deno.test("Group.imap() that is left ends the iteration over its items", async () => {
  let isClosed = false;
  function* items() {
    try {
      for (let i = 0;; i++) yield i;
    } finally {
      isClosed = true;
    }
  }
  for await (const x of new GreenletPool(2).imap((x: number) => x, items(), { maxsize: 2 })) {
    if (x === 3) break;
  }
  await idle();
  assertEquals(isClosed, true);
});

Deno.test("Greenlet.kill() reaches a generator that has returned a promise", async () => {
  const returned = spawn(function* () {
    yield;
    return new Promise(() => {});
  });
  const channel = new Channel<number>();
  const waiting = spawn(function* () {
    yield;
    return channel.get();
  });
  const value = spawn(function* () {
    yield;
    return sleep(1).then(() => spawn(() => 5));
  });
  await sleep(1);
  await Promise.all([returned, waiting].map((one) => one.kill(null, { grace: Infinity })));
  const values: unknown[] = [returned.value, waiting.value];
  assertEquals(values.map((one) => one instanceof GreenletExit), [true, true]);
  assertEquals([channel.balance, await value], [0, 5]);
});

Deno.test("hub.watchdog() prints what its callback throws, and lets the greenlet go on", async () => {
  function onBlocked(): void {
    throw new RangeError("in the callback");
  }
  const watchdog = hub.watchdog({ limit: 1, onBlocked });
  try {
    const greenlet = spawn(async () => {
      for (const since = performance.now(); performance.now() - since < 20;);
      await sleep(0);
      return "went on";
    });
    assertEquals(await greenlet, "went on");
  } finally {
    watchdog[Symbol.dispose]();
  }
});

Deno.test("hub is not told of a task that a cancelled one has taken along", async () => {
  const reports = await reportsOf(() => {
    const first = createTask(() => sleep(60_000));
    createTask(() => first);
    createTask(() => {
      throw new CancelledError("of its own");
    });
    first.cancel();
  });
  assertEquals(reports, []);
});

Deno.test("greenlets say what is wrong with what they are given", async () => {
  assertThrows(
    () => spawn(async function* () {}),
    TypeError,
    "Cannot create greenlet: nobody takes what an 'async function*' yields",
  );
  await assertRejects(
    () => new Greenlet(() => {}).kill(null, { grace: -1 }),
    RangeError,
    "Cannot kill: 'grace' must be a number of milliseconds >= 0: received -1",
  );
  await assertRejects(
    () => joinAll(5 as never),
    TypeError,
    "Cannot join greenlets: 'greenlets' must be iterable: received number",
  );
  await assertRejects(
    () => new Group().add(5 as never),
    TypeError,
    "Cannot add greenlet: expected a greenlet: received number",
  );
  assertThrows(() => hub.watchdog(5 as never), TypeError, "Cannot start watchdog: options must be");
});
