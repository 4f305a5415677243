/**
 * The entry of the worker that owns the sockets: it imports this module by the URL that the module itself knows. Elsewhere
 * this module does nothing.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import type { PumpData } from "./socket_protocol.ts";

/** Where this module was loaded from. */
export const bootUrl: string = import.meta.url;

async function boot(data: PumpData): Promise<void> {
  (await import("./socket_pump.ts")).serveSockets(data);
}

const data = runtime().workerData() as Partial<PumpData> | null;
if (data?.nogil === "sockets") void boot(data as PumpData);
