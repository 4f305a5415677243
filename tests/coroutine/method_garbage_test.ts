import { assert } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RawGreenlet } from "../../coroutine/mod.ts";
import { turn } from "../conformance/support.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

Deno.test("G43 greenlets whose run is a method are collected, however few they are", async () => {
  class Waiting extends RawGreenlet {
    override *run(): Generator<unknown, void, unknown> {
      yield this.parent?.switch();
    }
  }
  const drop = (): WeakRef<object> => {
    const greenlet = new Waiting();
    greenlet.switch();
    return new WeakRef(greenlet);
  };
  const refs = Array.from({ length: 5 }, drop);
  for (let i = 0; i < 200 && refs.some((ref) => ref.deref() !== undefined); i++) {
    await turn();
    gc();
  }
  assert(refs.every((ref) => ref.deref() === undefined));
});
