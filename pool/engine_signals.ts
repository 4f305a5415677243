/**
 * Signals that end tasks: however many tasks heed a signal, one listener is at it.
 *
 * @module
 */

interface Heeded {
  readonly calls: Set<() => void>;
  readonly onAbort: () => void;
}

const heeded: WeakMap<AbortSignal, Heeded> = new WeakMap();

/** Calls a function when a signal is aborted; gives the function that prevents it. */
export function heedSignal(signal: AbortSignal, call: () => void): () => void {
  let entry = heeded.get(signal);
  if (entry === undefined) {
    const calls = new Set<() => void>();
    const onAbort = (): void => {
      heeded.delete(signal);
      for (const each of calls) each();
    };
    entry = { calls, onAbort };
    heeded.set(signal, entry);
    signal.addEventListener("abort", onAbort, { once: true });
  }
  const { calls, onAbort } = entry;
  calls.add(call);
  return () => {
    if (!calls.delete(call) || calls.size > 0) return;
    heeded.delete(signal);
    signal.removeEventListener("abort", onAbort);
  };
}
