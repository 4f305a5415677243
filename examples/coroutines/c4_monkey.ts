// deno run examples/coroutines/c4_monkey.ts
// C4: the runtime's own timers are waits of greenlets, once they are patched.
import { joinAll, monkey, spawn } from "@nogil/std/coroutine";

monkey.patchAll();

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function eat(name: string): Promise<void> {
  console.log(`${name} eats the first course`);
  await pause(400);
  console.log(`${name} eats the second course`);
}

async function play(name: string): Promise<void> {
  console.log(`${name} plays the first game`);
  await pause(100);
  console.log(`${name} plays the second game`);
}

await joinAll([spawn(eat, "Ada"), spawn(play, "Bob")]);
