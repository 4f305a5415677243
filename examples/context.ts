// deno run --allow-read examples/context.ts
// Lets the value of an AsyncLocalStorage travel with the tasks of a pool: prints "request 7".
import { AsyncLocalStorage } from "node:async_hooks";
import { contextVariable, isMain, task, ThreadPool } from "@nogil/std";

export const request: AsyncLocalStorage<number> = new AsyncLocalStorage();
export const requestVariable = contextVariable(import.meta, request);

export const describe = task(import.meta, (): string => `request ${request.getStore()}`);

if (isMain(import.meta)) {
  await using pool = new ThreadPool(1, { context: [requestVariable] });
  console.log(await request.run(7, () => pool.apply(describe)));
}
