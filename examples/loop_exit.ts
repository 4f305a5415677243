// deno run examples/loop_exit.ts
// A greenlet waits for what will never come: the program does not hang, it says who waits for what.
import { Event, LoopExit, spawn } from "@nogil/std";

const event = new Event({ scope: "local" }); // nobody sets it
const greenlet = spawn(() => event.wait());
greenlet.get().catch(async (error) => {
  if (error instanceof LoopExit) console.log(error.message.split("\n")[0]);
  await greenlet.kill(); // otherwise the program would end with code 1, and the list of who waits
});
