/** How the other processes of the family tests talk to the test. */

import { writeSync } from "node:fs";

/** Sends a line to the test. */
export function say(word: string, data: unknown = null): void {
  writeSync(1, `${JSON.stringify([word, data])}\n`);
}
