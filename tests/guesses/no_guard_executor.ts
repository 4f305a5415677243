/** A program that submits to an executor and does not ask whether it is the program. */

import { task, ThreadPoolExecutor } from "../../mod.ts";

export const square = task(import.meta, (x: number) => x * x);

console.log("the module is imported");
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
console.log(await executor.submit(square, 7));
await executor.shutdown();
