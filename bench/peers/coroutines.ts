/**
 * What others have for many asynchronous calls, behind one function each.
 *
 * @module
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// deno-lint-ignore no-explicit-any -- the libraries are loaded at run time, once they are installed, and have no types here
type Untyped = any;

const require = createRequire(import.meta.url);

/** Calls a function with each item, so many at once, by `p-limit`. */
export async function pLimit<T>(
  most: number,
  items: readonly T[],
  fn: (item: T) => Promise<void>,
): Promise<void> {
  const limit = (require("p-limit") as Untyped)(most);
  await Promise.all(items.map((item) => limit(fn, item)));
}

/** Calls a function with each item, so many at once, by `p-queue`. */
export async function pQueue<T>(
  most: number,
  items: readonly T[],
  fn: (item: T) => Promise<void>,
): Promise<void> {
  // It is an ES module, and cannot be required on Node 20.
  const { default: PQueue } = await import(
    pathToFileURL(require.resolve("p-queue")).href
  ) as Untyped;
  const queue = new PQueue({ concurrency: most });
  await queue.addAll(items.map((item) => () => fn(item)));
}

/** Runs groups of tasks that each let the others run, by `effection`. */
export async function effection(groups: number, size: number): Promise<void> {
  const { all, call, run } = require("effection") as Untyped;
  const task = function* (): Generator<unknown, void, unknown> {
    yield* call(() => Promise.resolve());
  };
  for (let i = 0; i < groups; i++) {
    await run(() => all(Array.from({ length: size }, task)));
  }
}
