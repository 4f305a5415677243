/**
 * What happens when a signal is aborted: however many wait for that, one listener is at the signal. Many of them are slow to
 * add and to remove, and Node warns of more than ten.
 *
 * @module
 */

interface Heeded {
  readonly calls: Set<() => void>;
  readonly onAbort: () => void;
}

const heeded: WeakMap<AbortSignal, Heeded> = new WeakMap();
const nothing = (): void => {};

/** Calls a function when a signal, if there is one, is aborted; gives the function that prevents it. */
export function callOnAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  if (signal === undefined) return nothing;
  const entry = heeded.get(signal) ?? heed(signal);
  const { calls, onAbort } = entry;
  // Each call counts, also if somebody gives the same function twice.
  const own = (): void => call();
  calls.add(own);
  return () => {
    if (!calls.delete(own) || calls.size > 0 || heeded.get(signal) !== entry) return;
    heeded.delete(signal);
    signal.removeEventListener("abort", onAbort);
  };
}

function heed(signal: AbortSignal): Heeded {
  const calls = new Set<() => void>();
  const onAbort = (): void => {
    heeded.delete(signal);
    for (const call of calls) {
      calls.delete(call);
      call();
    }
  };
  const entry = { calls, onAbort };
  heeded.set(signal, entry);
  signal.addEventListener("abort", onAbort, { once: true });
  return entry;
}
