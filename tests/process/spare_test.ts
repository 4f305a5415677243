import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import process from "node:process";
import { SpareSeats } from "../../_core/spare_seats.ts";
import { TimeoutError, WorkerLostError } from "../../errors.ts";
import { activeChildren, Process } from "../../process/mod.ts";
import { type AnyProcess, innardsOf } from "../../process/process.ts";
import { wait } from "../../pool/mod.ts";
import { Thread } from "../../thread/mod.ts";
import * as tasks from "./process_tasks.ts";

/** Whether spares can sit on seats here. */
const haveSeats = SpareSeats.create() !== null;

/** Whether the main thread has given a process to a spare by itself. */
const isSeated = (child: unknown): boolean => innardsOf(child as AnyProcess).seat !== null;

Deno.test("Process on a spare gives results, errors and losses like every other", async () => {
  await Process.prewarm(4);
  const good = new Process({ target: (x: number) => x * x, args: [7], name: "Good" }).start();
  assertEquals([isSeated(good), typeof good.pid], [haveSeats, "number"]);
  assertEquals([await good.join(), good.exitcode, good.isAlive()], [49, 0, false]);
  assertEquals([activeChildren(), good.name], [[], "Good"]);

  const bad = new Process({ target: tasks.fail, args: ["on a spare"] }).start();
  assertEquals(isSeated(bad), haveSeats);
  assertThrows(() => bad.joinSync(), RangeError, "on a spare");
  assertEquals([bad.exitcode, bad.isAlive(), activeChildren()], [1, false, []]);

  const killed = new Process({ target: () => process.kill(process.pid, "SIGKILL") });
  assertInstanceOf(await killed.start().join().catch((error) => error), WorkerLostError);
  assertEquals(killed.exitcode, -9);

  const left = new Process({ target: () => process.exit(3) }).start();
  const { done } = await wait([left]);
  assertEquals([done.size, left.exitcode], [1, 3]);
  await assertRejects(() => left.join(), WorkerLostError);
  await Process.prewarm(0);
});

Deno.test("Process on a spare takes and gives what its seat has no room for", async () => {
  await Process.prewarm(2);
  const long = "x".repeat(100_000);
  const takes = new Process({ target: (text: string) => text.length, args: [long] }).start();
  const gives = new Process({ target: (length: number) => "y".repeat(length), args: [100_000] });
  assertEquals([isSeated(takes), isSeated(gives.start())], [false, haveSeats]);
  assertEquals([await takes.join(), (await gives.join()).length], [100_000, 100_000]);
  await Process.prewarm(0);
});

Deno.test("Process on a spare can be killed, waited for in vain, and started by a thread", async () => {
  await Process.prewarm(2);
  const spins = new Process({ target: tasks.spin }).start();
  assertEquals(isSeated(spins), haveSeats);
  await assertRejects(() => spins.join({ timeout: 1 }), TimeoutError);
  assertThrows(() => spins.joinSync({ timeout: 1 }), TimeoutError);
  assert(spins.isAlive());
  spins.kill();
  await assertRejects(() => spins.join(), WorkerLostError);
  assertEquals(spins.exitcode, -9);

  const began = Date.now();
  const thread = new Thread({ target: tasks.startAndJoin, args: [5] }).start();
  const [square, born] = await thread.join() as [number, number];
  assertEquals(square, 25);
  assert(born < began, "It was started anew");
  await Process.prewarm(0);
});

Deno.test("Process.prewarm(0) ends spares on their seats, and all seats are free again", async () => {
  for (let round = 0; round < 2; round++) {
    await Process.prewarm(1);
    const child = new Process({ target: () => 1 });
    assertEquals(isSeated(child.start()), haveSeats);
    assertEquals(child.joinSync(), 1);
    await Process.prewarm(0);
    const cold = new Process({ target: () => 2 });
    assertFalse(isSeated(cold.start()));
    assertEquals(await cold.join(), 2);
  }
});
