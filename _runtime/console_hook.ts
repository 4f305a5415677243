/**
 * Doing something before anything is printed by `console`.
 *
 * @module
 */

const METHODS = ["debug", "dir", "error", "info", "log", "table", "trace", "warn"];

/** Calls a function before each output of `console`; gives the function that ends this. */
export function beforeConsole(call: () => void): () => void {
  const methods = console as unknown as Record<string, (...args: unknown[]) => void>;
  const undo = METHODS.map((name) => {
    const original = methods[name] as (...args: unknown[]) => void;
    const hooked = (...args: unknown[]): void => {
      call();
      original.apply(console, args);
    };
    methods[name] = hooked;
    return () => {
      if (methods[name] === hooked) methods[name] = original;
    };
  });
  return () => undo.forEach((each) => each());
}
