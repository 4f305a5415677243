// deno run --allow-read --allow-write --allow-net --allow-run examples/processes/p1_hello.ts
// P1: a process that greets: with arguments in their order, and with arguments by name.
import { isMain, Process, task } from "@nogil/std";

export const greet = task(import.meta, (nick: string): void => {
  console.log(`Hello, ${nick}`);
});

export const greetByName = task(import.meta, ({ nick }: { nick: string }): void => {
  console.log(`Hello, ${nick}`);
});

if (isMain(import.meta)) {
  await new Process({ target: greet, args: ["Ada"] }).start().join();
  await new Process({ target: greetByName, args: [{ nick: "Grace" }] }).start().join();
}
