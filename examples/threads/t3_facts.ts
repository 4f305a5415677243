// deno run --allow-read examples/threads/t3_facts.ts
// T3: what a thread knows of itself, and what is known of it.
import {
  activeCount,
  currentThread,
  enumerate,
  Event,
  getpid,
  isMain,
  task,
  Thread,
} from "@nogil/std";

export const report = task(import.meta, function report(go: Event): number {
  console.log(`I am ${currentThread().name}, number ${currentThread().ident}`);
  go.waitSync();
  return getpid();
});

if (isMain(import.meta)) {
  const go = new Event();
  const thread = new Thread({ target: report, args: [go] });
  console.log("name:", thread.name.split(" ")[0]);
  thread.name = "reporter";
  console.log("new name:", thread.name, thread.getName());
  console.log("ident before the start:", thread.ident);
  thread.daemon = true;
  console.log("daemon:", thread.daemon, "alive:", thread.isAlive());

  thread.start();
  console.log("alive:", thread.isAlive());
  try {
    thread.daemon = false;
  } catch (error) {
    console.log((error as Error).message);
  }
  console.log("threads:", activeCount(), enumerate().map(({ name }) => name).join(", "));
  console.log("I am", currentThread().name);

  go.set();
  console.log("same process:", await thread.join() === getpid());
  console.log("alive:", thread.isAlive(), "threads:", activeCount());
}
