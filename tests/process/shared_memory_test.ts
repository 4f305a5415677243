import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { AlreadyExistsError, InvalidStateError, NotFoundError } from "../../errors.ts";
import { Pipe, Process, SharedMemory } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Barrier } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { until } from "../conformance/support.ts";
import * as tasks from "./memory_tasks.ts";

/** How many segments a process has open. */
function segmentsOpen(pid: number = process.pid): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).startsWith("/memfd:nogil-shm:");
    } catch {
      return false;
    }
  }).length;
}

function isThere(name: string): boolean {
  try {
    new SharedMemory({ name }).close();
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

for (const persist of [false, true]) {
  const named = (name: string) => `SharedMemory({ persist: ${persist} }) ${name}`;

  Deno.test(named("is the same bytes for all who open it by its name"), () => {
    const one = new SharedMemory({ create: true, size: 1000, persist });
    const other = new SharedMemory({ name: one.name });
    assertEquals([one.size, other.size, one.buf.length], [1000, 1000, 1000]);
    assertEquals([one.buf.byteOffset, one.buf.buffer.byteLength], [0, 1000]);
    assert(one.buf.every((byte) => byte === 0));
    one.buf.set([1, 2, 3], 500);
    assertEquals([...other.buf.subarray(500, 503)], [1, 2, 3]);
    new Float64Array(other.buf.buffer)[0] = 0.5;
    assertEquals(new Float64Array(one.buf.buffer)[0], 0.5);
    assertMatch(one.name, /^nogil_[0-9a-f]{8}$/);
    assertEquals(String(one), `<SharedMemory ${one.name} size=1000>`);
    one.unlink();
    one.close();
    other.close();
  });

  Deno.test(named("takes a name once, until that is unlinked"), () => {
    const name = `nogil_test_${process.pid}_${persist}`;
    const one = new SharedMemory({ name, create: true, size: 10, persist });
    for (const other of [false, true]) {
      assertThrows(
        () => new SharedMemory({ name, create: true, size: 10, persist: other }),
        AlreadyExistsError,
        name,
      );
    }
    one.unlink();
    assertThrows(() => one.unlink(), NotFoundError);
    assertThrows(() => new SharedMemory({ name }), NotFoundError, name);
    one.buf[0] = 1;
    const two = new SharedMemory({ name: `/${name}`, create: true, size: 20, persist });
    assertEquals([two.name, two.size, two.buf[0]], [name, 20, 0]);
    two.unlink();
    one.close();
    two.close();
    assertThrows(() => two.unlink(), NotFoundError);
  });

  Deno.test(named("close() empties every view of the bytes"), () => {
    const one = new SharedMemory({ create: true, size: 16, persist });
    const other = new SharedMemory({ name: one.name });
    const { buf } = one;
    const numbers = new Int32Array(buf.buffer);
    buf[0] = 1;
    one.close();
    one.close();
    assert(one.closed);
    // Node 20 cannot empty the views: they hold zeros there.
    numbers[0] = 9;
    assert(buf.length === 0 && numbers.length === 0 || !("transfer" in ArrayBuffer.prototype));
    assertThrows(() => one.buf, InvalidStateError, "closed");
    assertEquals(one.size, 16);
    assertMatch(String(one), /closed>$/);
    assertEquals(other.buf[0], 1);
    other.unlink();
    other.close();
  });

  Deno.test(named("is written by another process, which removes nothing"), async () => {
    const memory = new SharedMemory({ create: true, size: 100, persist });
    memory.buf.set([1, 2, 3, 4]);
    const child = new Process({ target: tasks.writeByName, args: [memory.name] }).start();
    assertEquals(await child.join(), [1, 2, 3, 4]);
    assertEquals([...memory.buf.subarray(4, 7)], [9, 8, 7]);
    const thread = new Thread({ target: tasks.writeByName, args: [memory.name] }).start();
    assertEquals(await thread.join(), [1, 2, 3, 4]);
    assert(isThere(memory.name));
    memory.unlink();
    memory.close();
  });

  Deno.test(named("arrives in a process, a thread and a queue"), async () => {
    const memory = new SharedMemory({ create: true, size: 10, persist });
    const child = new Process({ target: tasks.writeGiven, args: [memory] }).start();
    assertEquals(await child.join(), 10);
    assertEquals(memory.buf[0], 42);
    memory.buf[0] = 0;
    const thread = new Thread({ target: tasks.writeGiven, args: [memory] }).start();
    assertEquals(await thread.join(), 10);
    assertEquals(memory.buf[0], 42);
    const queue = new Queue<SharedMemory>();
    queue.putSync(memory);
    memory.close();
    const back = queue.getSync();
    assertEquals([back.name, back.buf[0]], [memory.name, 42]);
    back.unlink();
    back.close();
  });
}

Deno.test("SharedMemory is gone with the last who has it", async () => {
  // Those of other tests may not have been collected yet.
  const open = segmentsOpen();
  const one = new SharedMemory({ create: true, size: 100 });
  const other = new SharedMemory({ name: one.name });
  one.close();
  assert(isThere(other.name));
  other.close();
  assert(!isThere(other.name));
  const sent = new SharedMemory({ create: true, size: 100 });
  const queue = new Queue<SharedMemory>();
  queue.putSync(sent);
  sent.close();
  assert(isThere(sent.name));
  queue.getSync().close();
  await until(() => !isThere(sent.name), "the end of what was sent");
  await until(() => segmentsOpen() <= open, "the descriptors");
});

Deno.test("SharedMemory survives its creator, and not the last who has it, however they end", async () => {
  const [told, tell] = Pipe<string>(false);
  const creator = new Process({
    target: tasks.createAndHang,
    args: [tell as never, false],
  }).start();
  const name = await told.recv();
  const opener = new Process({ target: tasks.openAndHang, args: [tell as never, name] }).start();
  assertEquals(await told.recv(), "open");
  creator.kill();
  await assertRejects(() => creator.join());
  const memory = new SharedMemory({ name });
  assertEquals([memory.buf[0], memory.buf[1]], [7, 1]);
  memory.close();
  opener.kill();
  await assertRejects(() => opener.join());
  assertThrows(() => new SharedMemory({ name }), NotFoundError);
  assert(!existsSync(`/dev/shm/${name}`));
  told.close();
  tell.close();
});

Deno.test("SharedMemory with persist outlives all, until it is unlinked", async () => {
  const [told, tell] = Pipe<string>(false);
  const child = new Process({ target: tasks.createAndHang, args: [tell as never, true] }).start();
  const name = await told.recv();
  child.kill();
  await assertRejects(() => child.join());
  assert(existsSync(`/dev/shm/${name}`));
  const memory = new SharedMemory({ name });
  assertEquals([memory.size, memory.buf[99_999]], [100_000, 1]);
  memory.close();
  memory.unlink();
  assert(!existsSync(`/dev/shm/${name}`));
  told.close();
  tell.close();
});

Deno.test("SharedMemory goes with its creator where names are no links", async () => {
  for (const leave of [false, true]) {
    const child = new Process({ target: tasks.shareByFile, args: [leave] }).start();
    const [name, facts] = await child.join();
    assert(facts.every((fact) => fact), facts.join());
    await child.sentinel;
    assert(!existsSync(`/dev/shm/${name}`));
  }
});

Deno.test("SharedMemory opens what other programs have made, and the other way round", () => {
  const name = `nogil_test_${process.pid}_foreign`;
  writeFileSync(`/dev/shm/${name}`, "from elsewhere");
  const memory = new SharedMemory({ name });
  assertEquals(new TextDecoder().decode(memory.buf.slice()), "from elsewhere");
  memory.buf[0] = 70;
  assertEquals(readFileSync(`/dev/shm/${name}`, "utf8"), "From elsewhere");
  memory.unlink();
  memory.close();
  assert(!existsSync(`/dev/shm/${name}`));
});

Deno.test("of those who create one name at the same time, one does", async () => {
  const start = new Barrier(3, { scope: "process" });
  const names = Array.from({ length: 10 }, (_, i) => `nogil_race_${process.pid}_${i}`);
  const racers: { join(): Promise<number> }[] = [
    new Process({ target: tasks.race, args: [start, names] }).start(),
    new Thread({ target: tasks.race, args: [start, names] }).start(),
    new Thread({ target: tasks.race, args: [start, names] }).start(),
  ];
  const won = await Promise.all(racers.map((racer) => racer.join()));
  assertEquals(won.reduce((a, b) => a + b), names.length);
});

Deno.test("SharedMemory refuses what makes no sense, and leaves nothing", async () => {
  const name = `nogil_test_${process.pid}_large`;
  const open = segmentsOpen();
  for (const size of [0, -1, 0.5, NaN]) {
    assertThrows(() => new SharedMemory({ create: true, size }), RangeError, "'size'");
  }
  for (
    const options of [
      undefined,
      {},
      { create: true },
      { create: 1 },
      { create: true, size: "1" },
      {
        name: 5,
      },
      { name: "" },
      { name: "a/b" },
      { name: "..", create: true, size: 1 },
      {
        create: true,
        size: 1,
        persist: 1,
      },
    ]
  ) assertThrows(() => new SharedMemory(options as never), TypeError);
  assertThrows(() => new SharedMemory({ name: "x".repeat(201) }), RangeError, "'name'");
  assertThrows(() => new SharedMemory({ name: "nogil_nobody" }), NotFoundError, "nogil_nobody");
  for (const persist of [false, true]) {
    assertThrows(
      () => new SharedMemory({ name, create: true, size: 2 ** 50, persist }),
      RangeError,
      "no room",
    );
    assert(!existsSync(`/dev/shm/${name}`));
  }
  await until(() => segmentsOpen() <= open, "the descriptors");
});
