// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/processes/p7_shared.ts
// P7: a child changes a value and an array of its parent.
import { isMain, Process, SharedArray, task, Value } from "@nogil/std";

export const change = task(import.meta, (value: Value<"d">, array: SharedArray<"i">): void => {
  value.value = 3.1415927;
  for (let i = 0; i < array.length; i++) array[i] = -i;
});

if (isMain(import.meta)) {
  const value = new Value("d", 0, { scope: "process" });
  const array = SharedArray("i", 10, { scope: "process" });
  await new Process({ target: change, args: [value, array] }).start().join();
  console.log(value.value);
  console.log(array.join(" "));
}
