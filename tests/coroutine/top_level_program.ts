/** A program that waits for ever at a top-level `await`: `deno run -A top_level_program.ts hopeless`. */

import process from "node:process";
import { Channel, joinAll, spawn } from "../../coroutine/mod.ts";

/** Where this module is. */
export const programUrl: string = import.meta.url;

if (process.argv[2] === "hopeless") {
  const greenlet = spawn(() => new Channel().get());
  greenlet.name = "listener";
  await joinAll([greenlet]);
}
