/**
 * Waiting for many things together.
 *
 * @module
 */

import {
  type Awaitable,
  type AwaitableResult,
  cancelAwaitable,
  checkAwaitable,
  follow,
  startAwaitable,
  waitForGreenlets,
} from "./awaitable.ts";
import { isThenable } from "../_core/thenable.ts";

/** What {@linkcode gather} does with errors. */
export interface GatherOptions {
  /** Give errors like results, each in its place. Default: `false`. */
  returnExceptions?: boolean;
}

/** The results of {@linkcode gather}, each in the place of what leads to it. */
export type Gathered<A extends readonly Awaitable[]> = {
  -readonly [K in keyof A]: AwaitableResult<A[K]>;
};

/** The results of {@linkcode gather} with `returnExceptions`. */
export type GatheredOrErrors<A extends readonly Awaitable[]> = {
  -readonly [K in keyof A]: AwaitableResult<A[K]> | Error;
};

/**
 * Waits for many things, and gives errors like results, each in its place.
 *
 * @typeParam A The types of what is waited for.
 * @param awaitables Functions, greenlets, futures, promises.
 * @param options `returnExceptions: true`.
 */
export function gather<const A extends readonly Awaitable[]>(
  awaitables: A,
  options: GatherOptions & { returnExceptions: true },
): Promise<GatheredOrErrors<A>>;
/**
 * Waits for many things together: Python's `asyncio.gather`.
 *
 * Functions are started as tasks, all at once. The first error is thrown at once, and the others go on; to end them, use a
 * {@linkcode TaskGroup}. If the greenlet that waits is itself interrupted, all greenlets are cancelled, and the futures
 * that have not begun.
 *
 * @example Usage
 * ```ts
 * import { gather, sleep } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * async function double(x: number) {
 *   await sleep(1);
 *   return 2 * x;
 * }
 * assertEquals(await gather(() => double(1), () => double(2)), [2, 4]);
 * assertEquals(await gather([1, 2, 3].map((x) => () => double(x))), [2, 4, 6]);
 * const failing = () => Promise.reject(new Error("no"));
 * const [one, two] = await gather([() => double(1), failing], { returnExceptions: true });
 * assertEquals([one, String(two)], [2, "Error: no"]);
 * ```
 *
 * @typeParam A The types of what is waited for.
 * @param awaitables Functions, greenlets, futures, promises.
 * @param options `returnExceptions` to get errors like results.
 * @returns The results, each in the place of what leads to it.
 * @throws The first error, unless `returnExceptions` is `true`.
 * @throws {TypeError} If one is nothing to wait for. Nothing was started then.
 */
export function gather<const A extends readonly Awaitable[]>(
  awaitables: A,
  options?: GatherOptions,
): Promise<Gathered<A>>;
/**
 * Waits for many things together, given one by one.
 *
 * @typeParam A The types of what is waited for.
 * @param awaitables Functions, greenlets, futures, promises.
 */
export function gather<A extends readonly Awaitable[]>(...awaitables: A): Promise<Gathered<A>>;
/**
 * Waits for many things together, given by anything that can be iterated.
 *
 * @typeParam A The type of what is waited for.
 * @param awaitables Functions, greenlets, futures, promises.
 * @param options `returnExceptions` to get errors like results.
 */
export function gather<A extends Awaitable>(
  awaitables: Iterable<A>,
  options?: GatherOptions,
): Promise<AwaitableResult<A>[]>;
export async function gather(...args: unknown[]): Promise<unknown> {
  const [first, options] = args as [unknown, GatherOptions | undefined];
  const isTogether = isIterable(first);
  const awaitables = (isTogether ? [...first] : args) as Awaitable[];
  for (const awaitable of awaitables) checkAwaitable(awaitable, "gather");
  const all = awaitables.map((awaitable) => startAwaitable(awaitable, "gather"));
  const returnExceptions = isTogether && options?.returnExceptions === true;
  return await waitForGreenlets<unknown[]>(`gather() of ${all.length}`, (resolve, reject) => {
    const results = all.map((one) =>
      new Promise((resolve, reject) => follow(one, resolve, returnExceptions ? resolve : reject))
    );
    Promise.all(results).then(resolve, reject);
    return () => all.forEach(cancelAwaitable);
  });
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && !isThenable(value) &&
    Symbol.iterator in value;
}
