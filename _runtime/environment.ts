/**
 * Variables of the environment that a program may set, and need not.
 *
 * @module
 */

import { bareDeno, bareProcess } from "./bare.ts";

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
