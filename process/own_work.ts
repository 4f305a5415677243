/**
 * What this process was started for, until somebody asks for the object that stands for it.
 *
 * @module
 */

import { decode } from "../_core/codec_core.ts";
import { neighbour } from "../_runtime/neighbour.ts";
import type { Work } from "./orders.ts";

let own: Work | null = null;

/** Decodes what this process shall do. */
export function takeWork(bytes: Uint8Array): Work {
  return own = decode(bytes) as Work;
}

/** Forgets it: it was none. */
export function dropWork(): void {
  own = null;
}

/** Does it. */
export async function doWork(work: Work): Promise<unknown> {
  if (work.class === undefined) return work.target?.(...work.args as never[]);
  const url = neighbour(import.meta, "./current_process");
  const { currentProcess } = await import(url) as typeof import("./current_process.ts");
  return currentProcess().run();
}

/** Gives what this process was started for; `null` if that is no work of a parent. */
export function ownWork(): Work | null {
  return own;
}
