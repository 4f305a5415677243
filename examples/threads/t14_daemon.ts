// deno run --allow-read examples/threads/t14_daemon.ts
// T14: a daemon does not keep the program from ending.
import { Event, isMain, sleepSync, task, Thread } from "@nogil/std";

export const watch = task(import.meta, (watching: Event): void => {
  console.log("the daemon begins");
  watching.set();
  sleepSync(60_000);
  console.log("the daemon ends");
});

if (isMain(import.meta)) {
  const watching = new Event();
  new Thread({ target: watch, args: [watching], daemon: true }).start();
  await watching.wait();
  console.log("the program ends");
}
