/**
 * Plain functions travel as their source text.
 *
 * @module
 */

import { readSource } from "./source_reader.ts";

// deno-lint-ignore ban-types -- functions of any signature, classes included
type AnyFunction = Function;

/** What travels of a plain function. */
export interface SourceRef {
  /** The source text, an expression. */
  readonly source: string;
  /** Names that the program itself has made global, and that have to be global there too. */
  readonly globals: readonly string[];
}

/** Why a function cannot travel. Its message goes into an `UnshareableError`. */
export class FunctionRefusal extends Error {
  static {
    this.prototype.name = "FunctionRefusal";
  }
}

/** The global names that the runtime has; others were added by the program. */
const runtimeGlobals = new Set(Object.getOwnPropertyNames(globalThis));

const refs: WeakMap<AnyFunction, SourceRef> = new WeakMap();

/** Functions by their source, so that the engine compiles and optimizes each but once. */
const compiled: Map<string, AnyFunction> = new Map();
const MAX_COMPILED = 1000;

const ADVICE = "Make it a task at the top level of its module, as 'export const name = " +
  "task(import.meta, …)', or pass what it needs as arguments";

/**
 * Gives what travels of a plain function.
 *
 * @throws {FunctionRefusal} If the function cannot work elsewhere.
 */
export function sourceRef(fn: AnyFunction): SourceRef {
  let ref = refs.get(fn);
  if (ref === undefined) refs.set(fn, ref = analyse(fn));
  return ref;
}

/**
 * Makes a function from its source, in strict mode.
 *
 * @throws {ReferenceError} If a name that the function takes for global is missing here.
 */
export function reviveSource(ref: SourceRef): AnyFunction {
  for (const name of ref.globals) {
    if (name in globalThis) continue;
    throw new ReferenceError(
      `Cannot run function: '${name}' is a global of the thread that sent it, but not of this one. ${ADVICE}`,
    );
  }
  let fn = compiled.get(ref.source);
  if (fn === undefined) {
    // The text comes from `sourceRef` of another thread of this program, never from untrusted bytes.
    // deno-lint-ignore no-eval -- a function that was sent as text is compiled here; untrusted input never gets here
    const evaluate = eval;
    fn = evaluate(`"use strict";(${ref.source}\n)`) as AnyFunction;
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(ref.source, fn);
    refs.set(fn, ref);
  }
  return fn;
}

function analyse(fn: AnyFunction): SourceRef {
  const name = fn.name === "" ? "the function" : `function ${fn.name}`;
  const source = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
    throw new FunctionRefusal(
      `${name} is native or bound and has no source text, wrap it: (...args) => name(...args)`,
    );
  }
  if (/^class\b/.test(source)) {
    throw new FunctionRefusal(
      `${name} is a class, make it known by shareable(import.meta, ${fn.name || "Class"})`,
    );
  }
  const names = readSource(source);
  if (names === null) {
    throw new FunctionRefusal(
      `${name} is a method, a getter or a setter, wrap it into a function: (value) => value.method()`,
    );
  }
  if (names.free.length > 0) {
    const list = names.free.map((free) => `'${free}'`).join(", ");
    throw new FunctionRefusal(
      `${name} uses ${list} from outside of itself, and a plain function travels as its text alone. ${ADVICE}`,
    );
  }
  if (names.relativeImport !== null) {
    throw new FunctionRefusal(
      `${name} imports '${names.relativeImport}', but as a text it has no place to start from, import an absolute ` +
        `URL or make it a task: task(import.meta, …)`,
    );
  }
  return { source, globals: names.globals.filter((global) => !runtimeGlobals.has(global)) };
}
