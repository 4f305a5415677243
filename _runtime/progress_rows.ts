/**
 * The lines that progress bars take on the terminal, which every thread may clear to print in their place.
 *
 * @module
 */

import { runtime } from "./runtime.ts";

/** How many lines the bars take, for all threads. */
export interface BarRows {
  /** Says how many lines they take, above and with that of the cursor. */
  barRows: number;
  /** Gives how many lines they take; who asks clears them. */
  takeBarRows(): number;
}

/** Goes to the beginning of the first line that bars take. */
export function toFirstRow(rows: number): string {
  return rows > 1 ? `\x1b[${rows - 1}A\r` : "\r";
}

/** Clears the lines that bars take: what is printed next stands in their place, and they are drawn again below it. */
export function clearBars(rows: number): void {
  if (rows > 0) runtime().writeErrorSync(`${toFirstRow(rows)}\x1b[J`);
}
