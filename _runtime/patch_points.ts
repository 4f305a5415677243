/**
 * All that can be patched, on the runtime that this is.
 *
 * @module
 */

import { denoFilePoints, denoNetPoints } from "./patch_deno.ts";
import { denoStdinPoints, denoSubprocessPoints } from "./patch_deno_process.ts";
import {
  nodeEventPoints,
  nodeFilePoints,
  nodeNetPoints,
  nodeStdinPoints,
  nodeSubprocessPoints,
} from "./patch_node.ts";
import type { PatchKind, PatchPoint } from "./patch_point.ts";
import { timerPoints } from "./patch_timers.ts";
import { fetchPoints } from "./patch_web.ts";

const TABLES: Readonly<Record<PatchKind, readonly (() => PatchPoint[])[]>> = {
  timers: [timerPoints],
  events: [nodeEventPoints],
  net: [denoNetPoints, nodeNetPoints],
  fetch: [fetchPoints],
  files: [denoFilePoints, nodeFilePoints],
  stdin: [denoStdinPoints, nodeStdinPoints],
  subprocess: [denoSubprocessPoints, nodeSubprocessPoints],
};

const found: Map<PatchKind, readonly PatchPoint[]> = new Map();

/** Gives what can be patched of a kind. */
export function patchPoints(kind: PatchKind): readonly PatchPoint[] {
  let all = found.get(kind);
  if (all === undefined) found.set(kind, all = TABLES[kind].flatMap((table) => table()));
  return all;
}
