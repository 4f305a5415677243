// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/processes/p13_hot_dogs.ts
// P13: three cooks and two eaters: when every hot dog is eaten, the program ends and the eaters with it.
import { isMain, JoinableQueue, Process, sleepSync, task } from "@nogil/std";

export const cook = task(import.meta, (queue: JoinableQueue<string>, name: string): void => {
  for (let n = 1; n <= 4; n++) {
    sleepSync(10);
    queue.putSync(`hot dog ${n} of ${name}`);
  }
  queue.joinSync(); // until all are eaten
});

export const eat = task(import.meta, (queue: JoinableQueue<string>, name: string): void => {
  for (;;) {
    const hotDog = queue.getSync();
    console.log(`${name} eats ${hotDog}`);
    queue.taskDone();
  }
});

if (isMain(import.meta)) {
  const queue = new JoinableQueue<string>();
  for (const name of ["Ada", "Bob"]) {
    new Process({ target: eat, args: [queue, name], daemon: true }).start();
  }
  const cooks = ["Cem", "Dora", "Eve"].map((name) =>
    new Process({ target: cook, args: [queue, name] }).start()
  );
  for (const process of cooks) await process.join();
  console.log("main over");
}
