// deno run --allow-read --allow-write --allow-net --allow-run examples/processes/p5_facts.ts
// P5: what a process knows of itself, and what is known of it.
import { currentProcess, getpid, getppid, isMain, Process, sleepSync, task } from "@nogil/std";

export const report = task(import.meta, (): [number, number, string] => {
  return [getpid(), getppid(), currentProcess().name];
});

export const nap = task(import.meta, (milliseconds: number): void => sleepSync(milliseconds));

if (isMain(import.meta)) {
  console.log("I am", currentProcess().name);
  const child = new Process({ target: report, name: "child" });
  console.log("before:", child.pid, child.exitcode, child.isAlive());
  child.start();
  console.log("started:", child.isAlive());
  const [pid, ppid, name] = await child.join();
  console.log("the child is", name);
  console.log("its pid from both sides:", pid === child.pid, ppid === getpid());
  console.log("joined:", child.isAlive(), child.exitcode);

  const sleeper = new Process({ target: nap, args: [60_000] }).start();
  sleeper.terminate();
  await sleeper.join().catch((error) => console.log(error.name));
  console.log("terminated:", sleeper.isAlive(), sleeper.exitcode);
}
