/** A program that makes a pool and does not ask whether it is the program. */

import { task, ThreadPool } from "../../mod.ts";

export const square = task(import.meta, (x: number) => x * x);

console.log("the module is imported");
await using pool = new ThreadPool(2);
console.log(await pool.map(square, [1, 2, 3]));
