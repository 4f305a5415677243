/**
 * How a class says to make its blank instances.
 *
 * @module
 */

/**
 * The key of a static method that makes a blank instance for a class given as its argument: for classes with private
 * fields, which only a constructor can install. Subclasses inherit it.
 */
export const BLANK: unique symbol = Symbol("nogil.blank");

/** A class that makes its own blank instances. */
export interface BlankMaker {
  /** Makes an instance of `cls`, this class or one that extends it, without running the constructor of `cls`. */
  [BLANK](cls: abstract new (...args: never[]) => unknown): object;
}
