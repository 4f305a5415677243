/**
 * The entry of every child process. It imports this module by the URL that the module itself knows, which holds from a
 * file, from `https:` and from an npm package alike. In any other process it does nothing.
 *
 * @module
 */

import { beginImport } from "../_core/module_registry.ts";
import { childAddress } from "../_runtime/child_self.ts";

/** Where this module was loaded from. */
export const bootUrl: string = import.meta.url;

const address = childAddress(import.meta);
if (address !== null) void run(address);

async function run(address: string): Promise<void> {
  // The main module may import modules of the task, besides this one.
  const imported = beginImport();
  const { runChild } = await import("./child_main.ts");
  await runChild(bootUrl, address, imported);
}
