import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { decode, encode, encodeInstance, requiredModules } from "../../_core/codec.ts";
import { HANDLE } from "../../_core/handle.ts";
import { importModules, lookup, moduleRef, registeredName } from "../../_core/module_registry.ts";
import { BLANK } from "../../_core/blank.ts";
import { shareable } from "../../_core/shareable.ts";
import { isMain, task } from "../../_core/task.ts";
import { setWorkerContext } from "../../_runtime/main_module.ts";

function roundTrip<T>(value: T): T {
  return decode(encode(value, "process").bytes) as T;
}

const factor = 2;
export const double = task(import.meta, (x: number) => x * factor);
export const triple = task(import.meta, function triple(x: number) {
  return x * 3;
});

class Tasks {
  static readonly halve = task(import.meta, (x: number) => x / 2);
}

export const Point = shareable(
  import.meta,
  class Point {
    x = 0;
    y = 0;
    constructor() {
      constructed++;
    }
    set z(_value: number) {
      throw new Error("a setter ran");
    }
    sum(): number {
      return this.x + this.y;
    }
  },
);
let constructed = 0;

export const Stack = shareable(
  import.meta,
  class Stack<T> extends Array<T> {
    label = "";
    top(): T | undefined {
      return this[this.length - 1];
    }
  },
);
export const Table = shareable(
  import.meta,
  class Table extends Map<string, unknown> {
    override set(): this {
      throw new Error("an override ran");
    }
  },
);

class Hidden {
  #secret = 42;
  static [BLANK](cls: new () => Hidden): Hidden {
    return Reflect.construct(Hidden, [], cls);
  }
  secret(): number {
    return this.#secret;
  }
}
export const Seen = shareable(
  import.meta,
  class Seen extends Hidden {
    more = 0;
    [HANDLE](): never {
      throw new Error("sent as a handle");
    }
  },
);

Deno.test("task() returns the function itself, and it arrives as itself", () => {
  assertEquals(double(4), 8);
  assertStrictEquals(roundTrip(double), double);
  assertStrictEquals(roundTrip(Tasks.halve), Tasks.halve);
  const { nested } = roundTrip({ nested: [double, triple, double] });
  assertStrictEquals(nested[0], double);
  assertStrictEquals(nested[1], triple);
  assertEquals(requiredModules(encode([double], "thread").bytes), []);
});

Deno.test("requiredModules() names the modules that are not loaded yet", async () => {
  const { bytes } = encode([double, "x".repeat(100)], "thread");
  const text = String.fromCharCode(...bytes);
  assert(text.includes(import.meta.url), text);
  // The same message, but from a module of the same length that is not loaded here.
  const other = import.meta.url.replace(/task_test/, "tusk_test");
  const changed = Uint8Array.from(text.replaceAll(import.meta.url, other), (c) => c.charCodeAt(0));
  assertEquals(requiredModules(changed), [other]);
  assertThrows(() => decode(changed), TypeError, "Cannot find registration 0");
  await assertRejects(() => importModules([other]));
  await importModules([import.meta.url]);
  assertEquals(registeredName(double), "double");
});

Deno.test("lookup() refuses a task whose source differs", () => {
  const ref = moduleRef(double);
  assert(ref !== null);
  assertStrictEquals(lookup(ref), double);
  assertThrows(() => lookup({ ...ref, hash: ref.hash ^ 1 }), TypeError, "its source differs");
  assertThrows(() => lookup({ ...ref, index: 99 }), TypeError, "registers");
});

Deno.test("task() is refused inside functions and in modules that cannot be imported", () => {
  const fn = () => 1;
  assertThrows(() => task(import.meta, fn), TypeError, "Cannot call task inside a function");
  assertThrows(
    () => shareable(import.meta, class {}),
    TypeError,
    "Cannot call shareable inside a function",
  );
  const urls = [
    "data:text/javascript,1",
    "blob:null/1",
    "file:///home/$deno$stdin.mts",
    "file:///home/$deno$eval.mts",
    "file:///home/[eval1]",
    "file:///home/lock.ts#3-14.ts",
  ];
  for (const url of urls) {
    const meta = { ...import.meta, url } as ImportMeta;
    assertThrows(() => task(meta, fn), TypeError, "cannot import this module");
  }
  assertThrows(() => task(import.meta, 5 as never), TypeError, "'fn' must be a function");
  assertThrows(() => task("x" as never, fn), TypeError, "'import.meta'");
  assertThrows(() => shareable(import.meta, {}), TypeError, "must be a class");
});

Deno.test("shareable() lets instances travel without running the constructor", () => {
  const point = new Point();
  point.x = 3;
  point.y = 4;
  Object.defineProperty(point, "z", { value: 9, enumerable: true });
  const before = constructed;
  const [copy, again, cls] = roundTrip([point, point, Point] as const);
  assertInstanceOf(copy, Point);
  assertEquals(copy.sum(), 7);
  assertEquals(constructed, before);
  assertStrictEquals(copy, again);
  assertStrictEquals(cls, Point);
  assertEquals(Object.entries(copy), [["x", 3], ["y", 4], ["z", 9]]);
});

Deno.test("shareable() works for classes that extend arrays and maps", () => {
  const stack = new Stack<unknown>();
  stack.push(1, stack);
  stack.label = "s";
  const copy = roundTrip(stack);
  assertInstanceOf(copy, Stack);
  assertEquals([copy.length, copy.label], [2, "s"]);
  assertStrictEquals(copy.top(), copy);
  const table = new Table();
  Map.prototype.set.call(table, "k", { v: 1 });
  assertEquals(roundTrip(table).get("k"), { v: 1 });
});

Deno.test("shareable instances survive any depth", () => {
  let list: { next: unknown } = Object.assign(new Point(), { next: null });
  for (let i = 0; i < 5000; i++) list = Object.assign(new Point(), { next: list });
  let depth = 0;
  for (let item: unknown = roundTrip(list); item; item = (item as { next?: unknown }).next) {
    assertInstanceOf(item, Point);
    depth++;
  }
  assertEquals(depth, 5001);
});

Deno.test("a class may make its own blank instances, and encodeInstance() copies handles", () => {
  const seen = new Seen();
  seen.more = 5;
  assertThrows(() => encode(seen, "thread"), Error, "sent as a handle");
  const copy = decode(encodeInstance(seen, "thread").bytes) as InstanceType<typeof Seen>;
  assertInstanceOf(copy, Seen);
  assertEquals([copy.secret(), copy.more], [42, 5]);
  assertThrows(() => encodeInstance(new Hidden(), "thread"), Error, "class Hidden");
});

Deno.test("shareable() refuses private members", () => {
  class Account {
    #balance = 1;
    get balance(): number {
      return this.#balance;
    }
  }
  assertThrows(() => shareable(import.meta, Account), TypeError, "#balance does not travel");
});

Deno.test("isMain() is false for a module that was imported", () => {
  assertEquals(isMain({ ...import.meta, main: false } as ImportMeta), false);
  assertEquals(isMain({ url: "file:///nowhere.ts" } as ImportMeta), false);
});

// The last test: it cannot be undone.
Deno.test("isMain() is false in a worker, whatever the runtime says", () => {
  const meta = { ...import.meta, main: true } as ImportMeta;
  assertEquals(isMain(meta), true);
  setWorkerContext();
  assertEquals(isMain(meta), false);
});
