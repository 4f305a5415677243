// deno run examples/coroutines/c3_spawn.ts
// C3: two greenlets that let each other run.
import { joinAll, sleep, spawn } from "@nogil/std/coroutine";

async function foo(): Promise<void> {
  console.log("foo");
  await sleep(0);
  console.log("foo again");
}

async function bar(): Promise<void> {
  console.log("bar");
  await sleep(0);
  console.log("bar again");
}

await joinAll([spawn(foo), spawn(bar)]);
