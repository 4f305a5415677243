/**
 * The entry of every child process. It imports this module by the URL that the module itself knows, which holds from a
 * file, from `https:` and from an npm package alike. In any other process it does nothing.
 *
 * @module
 */

import { beginImport } from "../_core/module_registry.ts";
import { type ChildArguments, childArguments } from "../_runtime/child_self.ts";

/** Where this module was loaded from. */
export const bootUrl: string = import.meta.url;

const given = childArguments(import.meta);
if (given !== null) void run(given);

async function run(given: ChildArguments): Promise<void> {
  // The main module may import modules of the task, besides this one.
  const imported = beginImport();
  const { runChild } = await import("./child_main.ts");
  await runChild(bootUrl, given, imported);
}
