import { assert, assertEquals, assertThrows } from "@std/assert";
import { Thread, ThreadLocal } from "../../thread/mod.ts";
import { local, seeLocal } from "./tasks.ts";

Deno.test("ThreadLocal has attributes of its own in each thread, also in a worker used before", async () => {
  local.value = 1;
  for (let i = 2; i < 6; i++) {
    assertEquals(await new Thread({ target: seeLocal, args: [i] }).start().join(), [null, i]);
  }
  assertEquals(local.value, 1);
  delete local.value;
  assert(!("value" in local));
});

Deno.test("ThreadLocal behaves like a plain object", () => {
  const space = new ThreadLocal<{ a?: number; b?: string }>();
  space.a = 1;
  space.b = "two";
  assertEquals(Object.keys(space), ["a", "b"]);
  assertEquals({ ...space }, { a: 1, b: "two" });
  assertEquals(JSON.stringify(space), '{"a":1,"b":"two"}');
  delete space.a;
  assertEquals(space.a, undefined);
  assert(space instanceof ThreadLocal);
});

Deno.test("ThreadLocal instances are separate", () => {
  const first = new ThreadLocal<{ value?: number }>();
  const second = new ThreadLocal<{ value?: number }>();
  first.value = 1;
  assertEquals(second.value, undefined);
});

Deno.test("ThreadLocal subclass starts with its initial values, set again for each thread", async () => {
  class Counter extends ThreadLocal<object> {
    count: number;
    readonly inner = new ThreadLocal<{ deep?: number }>();

    constructor(start: number) {
      super(start);
      this.count = start;
    }

    next(): number {
      return ++this.count;
    }
  }
  const counter = new Counter(5);
  assertEquals([counter.next(), counter.next(), counter.count], [6, 7, 7]);
  assert(counter instanceof Counter);
  counter.inner.deep = 1;
  assertEquals(counter.inner.deep, 1);
  const { localTask } = await import("./local_tasks.ts");
  const counts = [1, 2, 3].map(() => new Thread({ target: localTask }).start().joinSync());
  assertEquals(counts, [[1, 2], [1, 2], [1, 2]]);
});

Deno.test("new ThreadLocal() refuses arguments without a subclass", () => {
  assertThrows(() => new ThreadLocal(1), TypeError);
});
