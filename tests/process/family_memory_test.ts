import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { agentOf } from "../../_core/agent.ts";
import { encode } from "../../_core/codec.ts";
import { HANDLE, type Handled, reviveHandle } from "../../_core/handle.ts";
import { OBJECT_WORDS } from "../../_core/layout.ts";
import { enterFamily, familyTicket, releaseTicket } from "../../_core/process_family.ts";
import { ffi, SystemError } from "../../_runtime/ffi.ts";
import { liveness, processStart } from "../../_runtime/memory.ts";
import { InvalidStateError, UnshareableError } from "../../errors.ts";
import { SharedArray, Value } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Condition, Event, Lock } from "../../sync/mod.ts";
import { until } from "../conformance/support.ts";
import { Relative, withRelatives } from "./family_driver.ts";

const scope = "process";

Deno.test("Process scope without memory left throws a RangeError, and goes on when there is some", () => {
  const system = ffi("test");
  const { arena } = agentOf(scope);
  const queue = new Queue<unknown>(0, { scope });
  queue.putSync("before");
  system.fallocate = () => {
    throw new SystemError("fallocate", 28);
  };
  try {
    const size = 64 * 2 ** 20;
    const message = "the system has no memory left";
    assertThrows(() => SharedArray("B", size, { scope }), RangeError, message);
    const error = assertThrows(() => queue.putSync("x".repeat(size)), RangeError);
    assertMatch(
      error.message,
      /^Cannot put item: it takes \d+ bytes, and the system has no memory left/,
    );
    const made: Lock[] = [];
    assertThrows(
      () => {
        for (let i = 0; i < 5_000; i++) made.push(new Lock({ scope }));
      },
      RangeError,
      message,
    );
    assert(made.length > 100);
  } finally {
    Reflect.deleteProperty(system, "fallocate");
  }
  queue.putSync("x".repeat(2 ** 21));
  assertEquals([queue.getSync(), (queue.getSync() as string).length], ["before", 2 ** 21]);
  assert(arena.allocateObject(1) >= OBJECT_WORDS);
});

Deno.test("Process scope refuses what does not reach other processes", () => {
  const queue = new Queue<unknown>(0, { scope });
  const refused: readonly (readonly [unknown, string])[] = [
    [new Lock(), 'its scope is "thread", create it with { scope: "process" }'],
    [[{ deep: new Event({ scope: "local" }) }], 'its scope is "local"'],
    [new Value("i"), 'its scope is "thread"'],
    [new SharedArrayBuffer(8), "send a SharedArray or a SharedMemory"],
    [new Int32Array(new SharedArrayBuffer(8)), "send a SharedArray or a SharedMemory"],
  ];
  for (const [item, message] of refused) {
    assertThrows(() => queue.putSync(item), UnshareableError, message);
    assertThrows(() => encode(item, "process"), UnshareableError, message);
  }
  assert(queue.empty());
  const lock = new Lock({ scope });
  for (const carrier of [queue, new Queue<unknown>()]) {
    carrier.putSync([lock]);
    assert((carrier.getSync() as [Lock])[0] === lock);
  }
});

Deno.test("Condition of process scope needs a lock of that scope", () => {
  assertThrows(() => new Condition(new Lock(), { scope }), TypeError, 'lock is "thread"');
  assertThrows(
    () => new Condition(new Lock({ scope }), { scope: "thread" }),
    TypeError,
    'lock is "process"',
  );
  const condition = new Condition(new Lock({ scope }));
  encode(condition, "process");
});

Deno.test("An object of another family is refused", () => {
  const { type, data } = (new Lock({ scope }) as unknown as Handled)[HANDLE]("process");
  const [o, extra, family] = data as [number, unknown, number];
  const revive = (): object => reviveHandle(type, [o, extra, family + 1]);
  assertThrows(revive, UnshareableError, "Cannot receive Lock: it comes from a process that is no");
});

Deno.test("SharedArray of process scope has a buffer of its own", () => {
  const numbers = SharedArray("d", [1, 2, 3], { scope });
  assertEquals([numbers.byteOffset, numbers.buffer.byteLength], [0, 24]);
  const copy = structuredClone(new Float64Array(numbers));
  numbers[0] = 9;
  assertEquals([...copy], [1, 2, 3]);
});

Deno.test("enterFamily() refuses a second family, and another version", () => {
  const ticket = familyTicket();
  assert(ticket !== null);
  assertThrows(() => enterFamily(ticket), InvalidStateError, "has entered another one");
  releaseTicket(ticket);
  releaseTicket(ticket);
});

Deno.test("A child with a wrong ticket says what is wrong", async () => {
  const wrong: readonly (readonly [object, string])[] = [
    [
      { pid: 2 ** 22 + 1 },
      "InvalidStateError: Cannot enter the memory of the parent process: it is",
    ],
    [{ version: 1 }, "the other side runs another version of @nogil/std"],
    [{ process: 5000 }, "nobody waits for this process any more"],
  ];
  for (const [change, message] of wrong) {
    const ticket = familyTicket();
    assert(ticket !== null);
    const args = Buffer.from(encode([], "process").bytes).toString("base64");
    const child = new Relative({ role: "leave", ticket: { ...ticket, ...change }, args }, {});
    await assertRejects(() => child.result(), Error, message);
    releaseTicket(ticket);
    await child.kill();
  }
});

Deno.test("Processes that come and go leave no descriptor and no place behind", async () => {
  const descriptors = (): string[] =>
    readdirSync("/proc/self/fd").map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return "gone";
      }
    }).filter((name) => name.includes("memfd:nogil"));
  if (process.platform !== "linux") return;
  const value = new Value("i", 0, { scope });
  const before = descriptors().length;
  const tags = new Set<number>();
  await withRelatives(async (start) => {
    for (let i = 0; i < 4; i++) {
      const other = start("increment", [value, 10], { reported: true });
      tags.add(other.ticket.process & 1023);
      await other.result();
    }
  });
  assertEquals([value.value, tags.size], [40, 1]);
  // What earlier tests have left may have been collected meanwhile.
  await until(() => descriptors().length <= before, "the end of the descriptors");
});

Deno.test("liveness() takes a zombie and a recycled id for dead", async () => {
  const system = ffi("test");
  if (!system.isLinux) return;
  assertEquals(liveness(system, process.pid, processStart(system, process.pid)), "alive");
  assertEquals(liveness(system, process.pid, processStart(system, process.pid) + 1), "dead");
  assertEquals(liveness(system, 2 ** 22 + 1, 0), "dead");
  // The shell becomes a program that does not wait for its child.
  const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 60"]);
  const closed = new Promise((resolve) => parent.on("close", resolve));
  try {
    let text = "";
    parent.stdout.on("data", (chunk) => text += chunk);
    await until(() => text.includes("\n"), "the id of the zombie");
    const zombie = Number(text);
    await until(() => liveness(system, zombie, 0) === "dead", "its end");
    assert(system.hasProcess(zombie));
  } finally {
    parent.kill("SIGKILL");
    await closed;
  }
});
