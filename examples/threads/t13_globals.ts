// deno run --allow-read examples/threads/t13_globals.ts
// T13: a variable of a module exists once in every thread; what threads share is a Value.
import { isMain, task, Thread, Value } from "@nogil/std";

let plain = 100;

export const assign = task(import.meta, (shared: Value<"i">): number => {
  plain = 0;
  shared.value = 0;
  return plain;
});

if (isMain(import.meta)) {
  const shared = new Value("i", 100);
  const thread = new Thread({ target: assign, args: [shared] }).start();
  console.log("in the thread:", await thread.join(), "here:", plain);
  console.log("shared:", shared.value);
}
