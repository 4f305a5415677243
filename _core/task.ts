/**
 * Functions that other threads find by name: Python pickles a function by its module and name, and so does this.
 *
 * @module
 */

import { isMainModule } from "../_runtime/main_module.ts";
import { register } from "./module_registry.ts";

/**
 * Makes a function of a module known to all threads and processes, and returns the function itself.
 *
 * A task may use all that its module has: imports, constants, other functions. It can be passed wherever a function is
 * run elsewhere, and it is a value itself: an argument, an item of a queue, a result. What travels is the URL of the
 * module and the order of the call in it; the other side imports the module and finds the function. So call it at the
 * top level of a module, and guard what only the program itself should do by {@linkcode isMain}.
 *
 * @example Usage
 * ```ts ignore
 * import { isMain, task, Thread } from "@nogil/std";
 *
 * export const square = task(import.meta, (x: number) => x * x);
 *
 * if (isMain(import.meta)) {
 *   const thread = new Thread({ target: square, args: [7] }).start();
 *   console.log(await thread.join()); // 49
 * }
 * ```
 *
 * @typeParam A The types of the function's arguments.
 * @typeParam R The type of its result.
 * @param meta The `import.meta` of the module.
 * @param fn The function.
 * @returns The same function.
 * @throws {TypeError} If it is called inside a function, or in a module that another thread cannot import (`eval`, stdin,
 * `data:`, `blob:`), or if `fn` is no function.
 */
export function task<A extends unknown[], R>(
  meta: ImportMeta,
  fn: (...args: A) => R,
): (...args: A) => R {
  if (typeof meta === "function") {
    throw new TypeError("Cannot call task: 'import.meta' comes first, as task(import.meta, fn)");
  }
  if (typeof fn !== "function") {
    throw new TypeError(`Cannot call task: 'fn' must be a function, received ${typeof fn}`);
  }
  register(meta, fn, task);
  return fn;
}

/**
 * Tells whether a module is the program that was started: Python's `__name__ == "__main__"`.
 *
 * It is false in threads and child processes, which import the same module to find its tasks. Unlike
 * `import.meta.main`, it works on every supported version of Node.
 *
 * @param meta The `import.meta` of the module.
 * @returns Whether the module is the program, and this its main thread.
 * @throws {TypeError} If `meta` is no `import.meta`.
 */
export function isMain(meta: ImportMeta): boolean {
  if (typeof meta !== "object" || meta === null) {
    throw new TypeError("Cannot call isMain: it takes 'import.meta', as isMain(import.meta)");
  }
  return isMainModule(meta);
}
