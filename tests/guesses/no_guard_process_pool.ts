/** A program that makes a pool of processes and does not ask whether it is the program. */

import { Pool, task } from "../../mod.ts";

export const square = task(import.meta, (x: number) => x * x);

console.log("the module is imported");
await using pool = new Pool(2);
console.log(await pool.map(square, [1, 2, 3]));
