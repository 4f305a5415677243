// deno run --allow-read examples/threads/t9_event.ts
// T9: ten threads wait until the word `true` comes from the input.
import process from "node:process";
import { createInterface } from "node:readline";
import { Event, isMain, Semaphore, task, Thread } from "@nogil/std";

export const work = task(import.meta, (go: Event, started: Semaphore): void => {
  console.log("start");
  started.release();
  go.waitSync();
  console.log("execute");
});

if (isMain(import.meta)) {
  const go = new Event();
  const started = new Semaphore(0);
  go.clear();
  for (let n = 0; n < 10; n++) new Thread({ target: work, args: [go, started] }).start();
  for (let n = 0; n < 10; n++) await started.acquire();

  console.log("true?");
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "true") break;
  }
  go.set();
}
