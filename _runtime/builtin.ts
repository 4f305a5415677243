/**
 * Modules that the runtime brings, taken when they are needed.
 *
 * @module
 */

import { createRequire } from "node:module";
import process from "node:process";

/** Gives what `import module from "node:…"` gives, without a wait; `null` if the runtime has no such module. */
export function builtin(name: string): object | null {
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
  if (getBuiltinModule !== undefined) return getBuiltinModule(name) as object | undefined ?? null;
  return createRequire(import.meta.url)(name) as object;
}
