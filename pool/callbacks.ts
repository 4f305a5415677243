/**
 * Callbacks, one after the other.
 *
 * A callback may take in results itself, by asking a future whether it is done, or by blocking: the callbacks of these are
 * called after it, so that thousands of results need no deeper stack than one.
 *
 * @module
 */

let calling = false;
const later: (() => void)[] = [];

/** Calls a function, which does not throw: now, or after the callback that runs if `inTurn`. */
export function callInTurn(call: () => void, inTurn = true): void {
  if (!inTurn) return call();
  if (calling) {
    later.push(call);
    return;
  }
  calling = true;
  try {
    call();
    for (let k = 0; k < later.length; k++) (later[k] as () => void)();
  } finally {
    later.length = 0;
    calling = false;
  }
}
