/**
 * What a program waits for at its end, as far as anything that makes it wait was loaded.
 *
 * @module
 */

let waitForRest: () => Promise<void> = () => Promise.resolve();

/** Says how to wait for what still runs. */
export function setProgramEnd(wait: () => Promise<void>): void {
  waitForRest = wait;
}

/** Resolves when nothing runs any more that the program waits for at its end. */
export function programEnd(): Promise<void> {
  return waitForRest();
}
