// deno run --allow-read examples/as_completed.ts
// Submits tasks to an executor and takes their results as they come: prints 30 and what has failed.
import { asCompleted, isMain, task, ThreadPoolExecutor } from "@nogil/std";

export const square = task(import.meta, (x: number): number => {
  if (x === 3) throw new RangeError("three is too many");
  return x * x;
});

if (isMain(import.meta)) {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const futures = [1, 2, 3, 5].map((x) => executor.submit(square, x));
  let sum = 0;
  const failures: string[] = [];
  for await (const future of asCompleted(futures)) {
    const error = await future.exception();
    if (error === null) sum += await future;
    else failures.push(error.message);
  }
  console.log(sum, failures.join());
}
