/**
 * The entry of every child process. It imports this module by the URL that the module itself knows, which holds from a
 * file, from `https:` and from an npm package alike. In any other process it does nothing.
 *
 * @module
 */

import { childAddress } from "../_runtime/child_self.ts";

/** Where this module was loaded from. */
export const bootUrl: string = import.meta.url;

const address = childAddress(import.meta);
if (address !== null) {
  void import("./child_main.ts").then(({ runChild }) => runChild(bootUrl, address));
}
