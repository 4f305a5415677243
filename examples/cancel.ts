// deno run --allow-read examples/cancel.ts
// Ends tasks that nobody wants to wait for any longer: prints what became of three of them.
import { currentTask, isMain, task, ThreadPoolExecutor, TimeoutError } from "@nogil/std";

/** Searches until it is told to stop. */
export const search = task(import.meta, (): number => {
  const signal = currentTask()?.signal;
  let steps = 0;
  while (!signal?.aborted) steps++;
  return steps;
});

if (isMain(import.meta)) {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });

  const short = executor.options({ timeout: 200 }).submit(search);
  const queued = executor.submit(search);
  console.log(queued.cancel()); // true: it has not begun
  console.log(await short.exception() instanceof TimeoutError); // true

  const controller = new AbortController();
  const aborted = executor.options({ signal: controller.signal }).submit(search);
  controller.abort(new Error("not needed any more"));
  console.log((await aborted.exception())?.message); // not needed any more
}
