// deno run --allow-read examples/pools/o2_tour.ts
// O2: what a pool can do, in the order of Python's own tour.
import { getIdent, isMain, sleepSync, task, ThreadPool, TimeoutError } from "@nogil/std";

export const square = task(import.meta, (x: number): number => x * x);
export const whoAmI = task(import.meta, (): number => getIdent());
export const nap = task(import.meta, (milliseconds: number): void => sleepSync(milliseconds));

if (isMain(import.meta)) {
  {
    await using pool = new ThreadPool(4);
    const numbers = Array.from({ length: 10 }, (_, i) => i);
    console.log(await pool.map(square, numbers));

    const squares: number[] = [];
    for await (const x of pool.imapUnordered(square, numbers)) squares.push(x);
    console.log(squares.sort((a, b) => a - b));

    const one = pool.applyAsync(square, [20]);
    console.log(await one.get({ timeout: 10_000 }));

    const worker = pool.applyAsync(whoAmI);
    console.log("in another thread:", await worker.get({ timeout: 10_000 }) !== getIdent());

    const several = [1, 2, 3, 4].map(() => pool.applyAsync(whoAmI));
    console.log("in other threads:", new Set(await Promise.all(several)).size <= 4);

    const long = pool.applyAsync(nap, [1000]);
    try {
      await long.get({ timeout: 100 });
    } catch (error) {
      if (error instanceof TimeoutError) console.log("we lacked patience and got a TimeoutError");
    }
    console.log("the pool is there for more work:", await pool.apply(square, [7]));
  }
  console.log("now the pool is closed, and all its work is done");
}
