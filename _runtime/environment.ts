/**
 * What a program may have been given, and need not have been: variables of the environment, and workers.
 *
 * @module
 */

import { bareDeno, bareProcess } from "./bare.ts";
import { isReadable } from "./worker.ts";

interface DenoPermissions {
  permissions: { querySync(descriptor: { name: "env"; variable: string }): { state: string } };
}

/** Gives the value of a variable; `null` if there is none, or if this program may not read it. It never asks for that. */
export function environmentVariable(name: string): string | null {
  const deno = bareDeno();
  if (deno === null) return bareProcess().env[name] ?? null;
  const { permissions } = deno as unknown as DenoPermissions;
  const { state } = permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? deno.env.get(name) ?? null : null;
}

/** Whether this program may start workers that import a module of this library, without being asked. */
export function mayStartWorker(url: string): boolean {
  return bareDeno() === null || isReadable(url);
}
