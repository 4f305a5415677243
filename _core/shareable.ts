/**
 * Classes whose instances travel.
 *
 * @module
 */

import { register } from "./module_registry.ts";
import { findPrivateField } from "./free_variables.ts";

/**
 * Lets the instances of a class travel to other threads and processes, and returns the class itself.
 *
 * An instance is copied: its own fields are sent, and there the prototype is restored without running the constructor.
 * Private fields (`#name`) cannot be read from outside and do not travel. An error class that is made shareable arrives as
 * itself and not as a `RemoteError`. Call it at the top level of a module, as `task`.
 *
 * @example Usage
 * ```ts ignore
 * import { shareable } from "@nogil/std";
 *
 * export const Point = shareable(
 *   import.meta,
 *   class Point {
 *     x = 0;
 *     y = 0;
 *     length(): number {
 *       return Math.hypot(this.x, this.y);
 *     }
 *   },
 * );
 * ```
 *
 * @typeParam C The type of the class.
 * @param meta The `import.meta` of the module.
 * @param cls The class.
 * @returns The same class.
 * @throws {TypeError} If `cls` is no class, if it has private fields, or for the reasons for which `task` throws.
 */
export function shareable<C>(meta: ImportMeta, cls: C): C {
  if (typeof meta === "function") {
    throw new TypeError(
      "Cannot call shareable: 'import.meta' comes first, as shareable(import.meta, Class)",
    );
  }
  if (typeof cls !== "function" || typeof cls.prototype !== "object" || cls.prototype === null) {
    throw new TypeError(`Cannot call shareable: 'cls' must be a class, received ${typeof cls}`);
  }
  const field = findPrivateField(Function.prototype.toString.call(cls));
  if (field !== null) {
    throw new TypeError(
      `Cannot make class ${
        cls.name || "(anonymous)"
      } shareable: its private member #${field} does not travel, use a plain field`,
    );
  }
  register(meta, cls, shareable);
  return cls;
}
