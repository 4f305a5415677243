import { assert, assertEquals, assertThrows } from "@std/assert";
import { AlreadyExistsError, NotFoundError } from "../../errors.ts";
import { Process, type ShareableItem, ShareableList, SharedMemory } from "../../process/mod.ts";
import { Thread } from "../../thread/mod.ts";
import * as tasks from "./memory_tasks.ts";

const VALUES: ShareableItem[] = [
  "howdy",
  "",
  273.154,
  100,
  -0,
  null,
  true,
  false,
  42n,
  -(2n ** 63n),
  "ä€😀\0\0",
  "\ufeffbom",
  new Uint8Array([1, 2, 0, 0]),
  new Uint8Array(0),
  NaN,
  2 ** 60,
];

Deno.test("ShareableList gives back what it was given", () => {
  const list = new ShareableList(VALUES);
  assertEquals(list.length, VALUES.length);
  assertEquals([...list], VALUES);
  assertEquals(list[0], "howdy");
  assertEquals(list[-1], 2 ** 60);
  assertEquals(list.at(-100), undefined);
  assertEquals(list.at(3), 100);
  assert(Object.is(list[4], -0));
  assertEquals(list.format, "5s0sdqdx??qq11s6s4s0sdd");
  assertEquals(String(list), `<ShareableList ${list.shm.name} length=16>`);
  for (const index of [16, -17, 0.5]) assertThrows(() => list.get(index), RangeError);
  assertThrows(() => list[16], RangeError, "none with index 16");
  list.shm.close();
});

Deno.test("ShareableList replaces values that fit, and no neighbour", () => {
  const list = new ShareableList<ShareableItem>(["12345678", 1, "x"]);
  list[1] = "8 bytes!";
  assertEquals([...list], ["12345678", "8 bytes!", "x"]);
  assertThrows(() => list[1] = "9 bytes!!", RangeError, "room for 8");
  assertThrows(() => list.set(2, new Uint8Array(9)), RangeError);
  assertEquals([...list], ["12345678", "8 bytes!", "x"]);
  for (const value of [null, true, 0.5, -5, 7n, "a\0", new Uint8Array([0, 0])]) {
    list[1] = value;
    assertEquals([...list], ["12345678", value, "x"]);
  }
  assertThrows(() => list[1] = 2n ** 63n, RangeError, "64 bits");
  for (const value of [undefined, {}, [], Symbol("s"), "\ud800"]) {
    assertThrows(() => list[1] = value as never, TypeError);
  }
  assertThrows(() => list[3] = 1, RangeError, "none with index 3");
  assertEquals(list[1], new Uint8Array([0, 0]));
  list.shm.close();
});

Deno.test("ShareableList counts and finds", () => {
  const list = new ShareableList<ShareableItem>([1, "a", 1, null, new Uint8Array([1]), 1n]);
  assertEquals([list.count(1), list.count("b"), list.count(new Uint8Array([1]))], [2, 0, 1]);
  assertEquals([list.index(1), list.index(null), list.index(1n)], [0, 3, 5]);
  assertThrows(() => list.index("b"), NotFoundError);
  list.shm.close();
});

Deno.test("ShareableList is opened by its name, and copied by its values", () => {
  const name = `nogil_list_${crypto.randomUUID().slice(0, 8)}`;
  const list = new ShareableList(["a", 1, null], { name });
  assertEquals(list.shm.name, name);
  assertThrows(() => new ShareableList([1], { name }), AlreadyExistsError);
  const other = new ShareableList<ShareableItem>(undefined, { name });
  other[1] = 2;
  assertEquals([...list], ["a", 2, null]);
  const copy = new ShareableList(list);
  copy[0] = "b";
  assertEquals([list[0], copy[0]], ["a", "b"]);
  for (const { shm } of [list, other, copy]) shm.close();
  assertThrows(() => new ShareableList(undefined, { name }), NotFoundError);
});

Deno.test("ShareableList may be empty", () => {
  const list = new ShareableList<number>([]);
  assertEquals([list.length, [...list], list.format, list.count(1)], [0, [], "", 0]);
  assertThrows(() => list[0], RangeError);
  list.shm.close();
});

Deno.test("ShareableList travels to processes and threads", async () => {
  for (const kind of [Process, Thread]) {
    const list = new ShareableList<ShareableItem>(["original", 1n, "last"]);
    const runner = new kind({ target: tasks.changeList, args: [list] }).start();
    assertEquals(await runner.join(), ["original", 1n, "last"]);
    assertEquals([...list], ["changed", 1n, null]);
    list.shm.close();
  }
});

Deno.test("ShareableList refuses what is no list", () => {
  assertThrows(() => new ShareableList(), TypeError, "'name'");
  assertThrows(() => new ShareableList(5 as never), TypeError, "iterable");
  assertThrows(() => new ShareableList([{}] as never), TypeError, "Uint8Array or null");
  const memory = new SharedMemory({ create: true, size: 100 });
  assertThrows(() => new ShareableList(undefined, { name: memory.name }), TypeError, "holds none");
  // Whatever others write into it, nothing outside of the memory is touched.
  const list = new ShareableList(["text", 1]);
  const view = new DataView(list.shm.buf.buffer);
  view.setUint32(8 + 8, 0xffffffff, true);
  assertEquals((list[0] as string).length, 8);
  view.setUint32(8, 0xfffffff0, true);
  assertThrows(() => new ShareableList(undefined, { name: list.shm.name }), TypeError);
  view.setUint32(4, 0xffffffff, true);
  assertThrows(() => new ShareableList(undefined, { name: list.shm.name }), TypeError);
  memory.close();
  list.shm.close();
  assertThrows(() => list[0], Error, "closed");
});
