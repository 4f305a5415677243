/**
 * What the tests of the pool's engine have in common.
 *
 * @module
 */

import { TaskEngine, type TaskOptions, type Ticket } from "../../pool/task_engine.ts";
import type { EngineOptions } from "../../pool/engine_types.ts";
import type { AnyFunction } from "../../pool/function_table.ts";
import { threadHost } from "../../pool/thread_host.ts";
import type { WorkerHost } from "../../pool/worker_host.ts";
import { SharedArray } from "../../process/mod.ts";

/** Nothing in these tests takes longer, in milliseconds. */
export const PATIENCE = 60_000;

/** An engine with promises. */
export class TestEngine extends TaskEngine {
  /** Runs a task and gives its promise. */
  run(fn: AnyFunction, ...args: unknown[]): Promise<unknown> {
    return this.start(fn, args).result;
  }

  /** Runs a task with options and gives its ticket, too. */
  start(fn: AnyFunction, args: unknown[], options?: TaskOptions): Started {
    let settle: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;
    const result = new Promise<unknown>((resolve, reject) => settle = { resolve, reject });
    const ticket = this.submit(fn, args, options, settle as NonNullable<typeof settle>);
    result.catch(() => {});
    return { result, ticket };
  }

  /** Runs a batch and gives what was heard of each item. */
  batch(
    fn: AnyFunction,
    items: unknown[],
    { star = false, stop = false, ...options }: BatchOptions = {},
  ): StartedBatch {
    const heard: string[] = [];
    const values: unknown[] = [];
    let ticket: Ticket | undefined;
    const end = new Promise<void>((resolve) => {
      ticket = this.submitBatch(fn, items, star, stop, options, {
        item(index, value) {
          heard.push(`${index} ok`);
          values[index] = value;
        },
        itemFailed(index, error) {
          heard.push(`${index} ${(error as Error).name}`);
          values[index] = error;
        },
        end: () => resolve(),
      });
    });
    return { heard, values, end, ticket: ticket as Ticket };
  }
}

/** A task that was submitted. */
export interface Started {
  result: Promise<unknown>;
  ticket: Ticket;
}

/** A batch that was submitted. */
export interface StartedBatch {
  heard: string[];
  values: unknown[];
  end: Promise<void>;
  ticket: Ticket;
}

/** How a batch is run. */
export interface BatchOptions extends TaskOptions {
  star?: boolean;
  stop?: boolean;
}

/** Makes an engine, uses it, and sees it end. */
export async function withEngine(
  { host = threadHost, ...options }: Partial<EngineOptions> & { host?: WorkerHost },
  use: (engine: TestEngine) => Promise<void>,
): Promise<void> {
  const engine = new TestEngine(host, {
    workers: 2,
    lazy: false,
    name: (index) => `test worker ${index}`,
    ...options,
  });
  try {
    await use(engine);
    engine.close();
  } catch (error) {
    engine.terminate();
    throw error;
  } finally {
    await engine.join(PATIENCE);
  }
}

/** Makes words that threads share. */
export function makeWords(length = 8): Int32Array {
  return new SharedArray("i", length) as unknown as Int32Array;
}
