/**
 * What this process was started for, until somebody asks for the object that stands for it.
 *
 * @module
 */

import { decode } from "../_core/codec.ts";
import type { Work } from "./orders.ts";

let own: Work | null = null;

/** Decodes what this process shall do, and does it. */
export async function startWork(bytes: Uint8Array): Promise<unknown> {
  own = decode(bytes) as Work;
  const { target, args } = own;
  if (own.class === undefined) return target?.(...args as never[]);
  return (await import("./current_process.ts")).currentProcess().run();
}

/** Gives what this process was started for; `null` if that is no work of a parent. */
export function ownWork(): Work | null {
  return own;
}
