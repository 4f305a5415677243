// deno run --allow-read examples/threads/t11_condition.ts
// T11: two consumers wait on a condition until the producer wakes both.
import { Condition, isMain, Semaphore, task, Thread } from "@nogil/std";

export const consume = task(import.meta, (condition: Condition, waiting: Semaphore): void => {
  using _ = condition.acquireSync();
  console.log("consumer before wait");
  waiting.release(); // the producer gets the condition no sooner than wait() lets go of it
  condition.waitSync();
  console.log("consumer after wait");
});

export const produce = task(import.meta, (condition: Condition, waiting: Semaphore): void => {
  for (let n = 0; n < 2; n++) waiting.acquireSync();
  using _ = condition.acquireSync();
  console.log("producer before notifyAll");
  condition.notifyAll();
  console.log("producer after notifyAll");
});

if (isMain(import.meta)) {
  const condition = new Condition();
  const waiting = new Semaphore(0);
  for (const target of [consume, consume, produce]) {
    new Thread({ target, args: [condition, waiting] }).start();
  }
}
