// deno run --allow-read examples/threads/t8_deadlock.ts
// T8: two threads take two locks in opposite order and wait for each other for ever; then in the same order.
import { Barrier, detectDeadlocks, isMain, Lock, task, Thread } from "@nogil/std";

export const eat = task(import.meta, (first: Lock, second: Lock, both?: Barrier): string => {
  using _first = first.acquireSync();
  both?.waitSync(); // each has one lock now
  using _second = second.acquireSync();
  return "has eaten";
});

if (isMain(import.meta)) {
  const fork = new Lock();
  const plate = new Lock();
  const both = new Barrier(2);
  const ada = new Thread({ target: eat, args: [fork, plate, both], name: "Ada" }).start();
  const bob = new Thread({ target: eat, args: [plate, fork, both], name: "Bob" }).start();
  let deadlocks = detectDeadlocks();
  while (deadlocks.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    deadlocks = detectDeadlocks();
  }
  for (const { waiter, type, lock, holder } of deadlocks.flat()) {
    console.log(`${waiter} waits for ${type} ${lock}, which ${holder} holds`);
  }
  ada.kill(); // Bob learns that the holder of the fork has died
  const [lost, abandoned] = await Promise.allSettled([ada.join(), bob.join()]);
  console.log("Ada:", lost.status === "rejected" && lost.reason.name);
  console.log("Bob:", abandoned.status === "rejected" && abandoned.reason.name);

  const [newFork, newPlate] = [new Lock(), new Lock()];
  for (const name of ["Ada", "Bob"]) {
    const thread = new Thread({ target: eat, args: [newFork, newPlate], name }).start();
    console.log(name, await thread.join());
  }
}
