/**
 * What happens when the event loop has nothing left to do and greenlets still wait.
 *
 * Nobody will ever wake them: code outside of greenlets that waits gets a {@linkcode LoopExit}. If there is none, or when it
 * has ended, too, the list of those who wait is printed, and the program ends with exit code 1.
 *
 * A greenlet that somebody waits for, and that nobody has started, is one of those who wait.
 *
 * Deno does not say that its loop is empty while the main module is at a top-level `await`; see docs/design_notes.md.
 *
 * @module
 */

import { LoopExit } from "../errors.ts";
import { runtime } from "../_runtime/runtime.ts";
import { mainScope } from "./scheduler.ts";
import { strandsOf, takeForgotten } from "./population.ts";

/** So many are listed. */
const MOST = 20;

let isReported = false;

/** Looks from now on what is left when the event loop is empty. */
export function watchTheEnd(): void {
  runtime().onBeforeExit(loopIsEmpty);
}

function loopIsEmpty(): void {
  const strands = [...strandsOf(), ...takeForgotten()];
  if (strands.length === 0) return;
  const lines = strands.slice(0, MOST).map((strand) =>
    `  ${strand.facade} waits for ${strand.waitsFor().join(", ")}`
  );
  if (strands.length > MOST) lines.push(`  and ${strands.length - MOST} more`);
  const who = strands.length === 1 ? "the greenlet that waits" : "the greenlets that wait";
  const message = `Cannot go on: nothing is left that could wake ${who}\n${lines.join("\n")}`;
  if (mainScope.isReachable) {
    mainScope.interrupt(new LoopExit(message));
    mainScope.calmDown();
    // Another look afterwards: what the code outside makes of it may be nothing.
    runtime().nextTurn(() => {});
  } else if (!isReported) {
    isReported = true;
    runtime().writeErrorSync(`LoopExit: ${message}\n`);
    runtime().failProcess(1);
  }
}
