import { assertEquals } from "@std/assert";
import {
  contextFunctions,
  type ContextStore,
  createDenoStore,
  createNodeStore,
} from "../../_runtime/async_store.ts";
import process from "node:process";

const functions = contextFunctions();
const stores: [string, () => ContextStore<{ name: string }>][] = [["Node's", createNodeStore]];
if (functions !== null) stores.push(["Deno's", () => createDenoStore(functions)]);

Deno.test("contextFunctions() finds the functions of this version of Deno", () => {
  assertEquals(functions !== null, "deno" in process.versions);
});

for (const [name, make] of stores) {
  Deno.test(`ContextStore follows asynchronous flow, and goes back [${name}]`, async () => {
    const store = make();
    const seen: (string | undefined)[] = [];
    const note = (): unknown => seen.push(store.get()?.name);
    const work = async (): Promise<void> => {
      note();
      await undefined;
      note();
      await new Promise((resolve) => setTimeout(resolve, 1));
      note();
      store.run(undefined, note);
    };
    await Promise.all([store.run({ name: "a" }, work), store.run({ name: "b" }, work)]);
    note();
    assertEquals(seen, ["a", "b", "a", "b", "a", undefined, "b", undefined, undefined]);
  });

  Deno.test(`ContextStore.keep() and call() enter a context again [${name}]`, async () => {
    const [store, other] = [make(), createNodeStore<{ name: string }>()];
    const kept = other.run({ name: "outer" }, () => store.keep({ name: "kept" }));
    const look = (...args: unknown[]): unknown[] => [...args, store.get()?.name, other.get()?.name];
    assertEquals(store.call(kept, look, 1, 2, 3), [1, 2, 3, "kept", "outer"]);
    assertEquals(look(), [undefined, undefined]);
    const later = store.call(
      kept,
      async () => {
        await undefined;
        return look();
      },
      0,
      0,
      0,
    );
    assertEquals(await later, ["kept", "outer"]);
    const failed = (): unknown =>
      store.call(
        kept,
        () => {
          throw new Error("inside");
        },
        0,
        0,
        0,
      );
    try {
      failed();
    } catch {
      assertEquals(look(), [undefined, undefined]);
    }
  });
}
