/**
 * What a function's source text takes from outside of the function.
 *
 * @module
 */

import { type Node, parse } from "npm:acorn@8.19.0";
import { collectNames, type NameUse } from "./scope_walk.ts";
import type { FreeNames } from "./source_reader.ts";

/** Global names of one runtime or another: a function that asks for them may well run where they exist. */
const RUNTIME_GLOBALS = new Set(
  ("Deno Bun process Buffer global window self document navigator location WorkerGlobalScope " +
    "DedicatedWorkerGlobalScope SharedWorker Worker Iterator Temporal Float16Array SuppressedError DisposableStack " +
    "AsyncDisposableStack gc setImmediate clearImmediate")
    .split(" "),
);

/** Finds what the source text of a function expression needs from outside; `null` if it does not parse as one. */
export function findFreeNames(source: string): FreeNames | null {
  const use = parseNames(`(${source}\n)`);
  if (use === null) return null;
  const names: FreeNames = {
    free: [...use.special],
    globals: [],
    relativeImport: use.relativeImport,
  };
  for (const name of use.references) {
    if (name in globalThis) names.globals.push(name);
    else if (!RUNTIME_GLOBALS.has(name) && !use.guarded.has(name)) names.free.push(name);
  }
  return names;
}

/** Finds the first private member of the instances of a class, from its source text; `null` if there is none. */
export function findPrivateField(source: string): string | null {
  if (!source.includes("#")) return null;
  const use = parseNames(`(${source}\n)`);
  return use === null ? null : use.privateMember;
}

function parseNames(text: string): NameUse | null {
  let program: Node;
  try {
    program = parse(text, { ecmaVersion: "latest", sourceType: "module" });
  } catch {
    return null;
  }
  return collectNames(program);
}
