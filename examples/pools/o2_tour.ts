// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/pools/o2_tour.ts
// O2: what a pool can do, in the order of Python's own tour.
import { getpid, isMain, Pool, sleepSync, task, TimeoutError } from "@nogil/std";

export const square = task(import.meta, (x: number): number => x * x);
export const whoAmI = task(import.meta, (): number => getpid());
export const nap = task(import.meta, (milliseconds: number): void => sleepSync(milliseconds));

if (isMain(import.meta)) {
  {
    await using pool = new Pool(4);
    const numbers = Array.from({ length: 10 }, (_, i) => i);
    console.log(await pool.map(square, numbers));

    const squares: number[] = [];
    for await (const x of pool.imapUnordered(square, numbers)) squares.push(x);
    console.log(squares.sort((a, b) => a - b));

    const one = pool.applyAsync(square, [20]);
    console.log(await one.get({ timeout: 10_000 }));

    const worker = pool.applyAsync(whoAmI);
    console.log("in another process:", await worker.get({ timeout: 10_000 }) !== getpid());

    const several = [1, 2, 3, 4].map(() => pool.applyAsync(whoAmI));
    console.log("in other processes:", new Set(await Promise.all(several)).size <= 4);

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
