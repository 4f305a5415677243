/**
 * What a program waits for at its end, as far as anything that makes it wait was loaded.
 *
 * @module
 */

let waitForRest: () => Promise<void> | null = () => null;

/** Says how to wait for what still runs. */
export function setProgramEnd(wait: () => Promise<void> | null): void {
  waitForRest = wait;
}

/** Gives what resolves when nothing runs any more that the program waits for at its end; `null` if nothing does now. */
export function programEnd(): Promise<void> | null {
  return waitForRest();
}
