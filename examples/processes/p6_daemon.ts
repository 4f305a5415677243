// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/processes/p6_daemon.ts
// P6: the empress dies with the emperor: a daemon process ends with its parent.
import { Event, getpid, isMain, Process, sleepSync, task } from "@nogil/std";

export const live = task(import.meta, (born: Event): void => {
  console.log(`empress ${getpid()}: long live the emperor`);
  born.set();
  sleepSync(60_000);
  console.log("empress: I outlived him");
});

if (isMain(import.meta)) {
  const born = new Event({ scope: "process" });
  new Process({ target: live, args: [born], daemon: true }).start();
  await born.wait();
  console.log("emperor: farewell");
}
