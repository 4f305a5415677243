// Runs tasks in pools of the published package: one of this module, and a self-contained function.
import { isMain, task } from "jsr:@nogil/std@^0.1.0";
import { asCompleted, ThreadPool, ThreadPoolExecutor } from "jsr:@nogil/std@^0.1.0/pool";

export const square = task(import.meta, (x: number): number => x * x);

if (isMain(import.meta)) {
  await using pool = new ThreadPool(2);
  const squares = await pool.map(square, [1, 2, 3], { progress: true });
  if (squares.join() !== "1,4,9") throw new Error(`Wrong squares: ${squares}`);

  await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const futures = [1, 2].map((x) => executor.submit((x: number) => x + 1, x));
  let sum = 0;
  for await (const future of asCompleted(futures)) sum += await future.result();
  if (sum !== 5) throw new Error(`Wrong sum: ${sum}`);
}
