/**
 * The entry of every worker of this library: it imports this module by the URL that the module itself knows, which holds
 * from a file, from `https:` and from an npm package alike. On the main thread it does nothing.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import type { BootData } from "./protocol.ts";

/** Where this module was loaded from. */
export const bootUrl: string = import.meta.url;

/** Gives what this worker was started with; `null` on the main thread, and in workers that the program itself made. */
export function bootData(): BootData | null {
  const data = runtime().workerData() as Partial<BootData> | null;
  return data?.nogil === "supervisor" || data?.nogil === "thread" ? data as BootData : null;
}

async function boot(data: BootData): Promise<void> {
  if (data.nogil === "supervisor") (await import("./supervisor.ts")).supervise(data);
  else (await import("./worker.ts")).serveThreads(data);
}

const data = bootData();
if (data !== null) void boot(data);
