/**
 * The calls of a pool, checked.
 *
 * @module
 */

import { lateTask } from "./engine_limits.ts";
import type { TaskOptions } from "./engine_types.ts";
import type { Failure } from "./feed.ts";
import type { AnyFunction } from "./function_table.ts";
import { type Input, inputOf } from "./input.ts";
import {
  type ApplyAsyncOptions,
  type ApplyOptions,
  type ApplySyncOptions,
  checkArgs,
  checkCallbacks,
  checkCount,
  checkFunction,
  checkMap,
  checkTask,
  type ImapOptions,
  type MapAsyncOptions,
} from "./pool_options.ts";

/** A map as it is asked for. */
export interface MapRequest {
  /** What is asked for, in messages: `"map"`. */
  readonly verb: string;
  readonly fn: AnyFunction;
  readonly input: Input;
  /** Whether an item is the array of the arguments. */
  readonly star: boolean;
  readonly chunksize: number;
  readonly options: ImapOptions | undefined;
}

/** Where a map is to run. */
interface Place {
  readonly workers: number;
  checkOpen(verb: string): void;
}

/** Checks the call of a single task, and gives its arguments. */
export function checkApply(
  place: Place,
  fn: AnyFunction,
  args: readonly unknown[] | undefined,
  options: ApplyAsyncOptions<never> | undefined,
): readonly unknown[] {
  checkFunction(fn, "apply");
  checkTask(options, "apply");
  checkCallbacks(options, "apply");
  const list = checkArgs(args, "apply");
  place.checkOpen("apply");
  return list;
}

/** Says why a task is not even begun: its signal is aborted already, or it has no time. */
export function refusalOf(options: TaskOptions | undefined): Failure | null {
  if (options?.signal?.aborted) return { error: options.signal.reason };
  return options?.timeout === 0 ? { error: lateTask(0) } : null;
}

/** Gives the options of a task that somebody else times. */
export function withoutTimeout(options: ApplySyncOptions | undefined): ApplyOptions | undefined {
  if (options === undefined) return undefined;
  const { timeout: _, ...rest } = options;
  return rest;
}

/** Checks a call whose results are collected: by default each worker gets four chunks. */
export function mapRequest(
  place: Place,
  verb: string,
  fn: AnyFunction,
  iterable: unknown,
  star: boolean,
  options: MapAsyncOptions<never> | undefined,
): MapRequest {
  checkFunction(fn, verb);
  checkMap(options, verb);
  checkCallbacks(options, verb);
  const given = checkCount(options?.chunksize, verb, "chunksize");
  place.checkOpen(verb);
  let input = inputOf(iterable, verb);
  if (given === undefined && input.size === null && !input.isAsync) {
    // Only the number of the items gives the size of the chunks.
    input = inputOf([...iterable as Iterable<unknown>], verb);
  }
  const fair = Math.ceil((input.size ?? 0) / (4 * place.workers));
  return { verb, fn, input, star, chunksize: given ?? Math.max(1, fair), options };
}

/** Checks a call whose results are fetched one after the other. */
export function imapRequest(
  place: Place,
  verb: string,
  fn: AnyFunction,
  iterable: unknown,
  options: ImapOptions | undefined,
): MapRequest {
  checkFunction(fn, verb);
  checkMap(options, verb);
  const chunksize = checkCount(options?.chunksize, verb, "chunksize") ?? 1;
  checkCount(options?.buffersize, verb, "buffersize");
  place.checkOpen(verb);
  return { verb, fn, input: inputOf(iterable, verb), star: false, chunksize, options };
}
