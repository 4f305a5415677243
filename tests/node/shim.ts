/**
 * `Deno.test` on top of `node:test`, for the tests that run on Node: `scripts/test_node.ts` puts {@linkcode test} in
 * the place of `Deno.test`, and leaves the global `Deno` out, since the library knows its runtime by it.
 *
 * `@std/assert` compares sets, errors and instances of classes by methods of `Set` that Node 20 has not got yet.
 *
 * @module
 */
import { test as nodeTest } from "node:test";

const SET_METHODS: Record<string, (this: Set<unknown>, other: Set<unknown>) => Set<unknown>> = {
  union(other) {
    return new Set([...this, ...other]);
  },
  symmetricDifference(other) {
    return new Set([
      ...[...this].filter((item) => !other.has(item)),
      ...[...other].filter((item) => !this.has(item)),
    ]);
  },
};

for (const [name, value] of Object.entries(SET_METHODS)) {
  if (name in Set.prototype) continue;
  Object.defineProperty(Set.prototype, name, { value, configurable: true, writable: true });
}

type TestFunction = () => void | Promise<void>;

interface TestOptions {
  name?: string;
  fn?: TestFunction;
  ignore?: boolean;
}

/** Registers a test in any of the forms of `Deno.test`. */
export function test(
  first: string | TestOptions | TestFunction,
  second?: Omit<TestOptions, "name"> | TestFunction,
  third?: TestFunction,
): void {
  const options: TestOptions = {};
  for (const part of [first, second, third]) {
    if (typeof part === "string") options.name = part;
    else if (typeof part === "function") options.fn = part;
    else Object.assign(options, part);
  }
  const { fn, ignore = false } = options;
  const name = options.name ?? fn?.name ?? "";
  if (fn === undefined || name === "") {
    throw new TypeError(`Cannot register test '${name}': it needs a name and a function`);
  }
  nodeTest(name, { skip: ignore }, () => fn());
}
