/**
 * Raw shared buffers inside of items: they cannot lie in shared memory themselves, so somebody keeps them until they are
 * taken.
 *
 * Until the module of threads is loaded nobody but this thread could take them, and it keeps them itself.
 *
 * @module
 */

/** Keeps shared buffers for whoever takes them. */
export interface BufferBroker {
  /** Keeps buffers, and gives their key, which is above 0. */
  put(buffers: SharedArrayBuffer[]): number;
  /** Gives the buffers of a key; `keep`: and keeps them. May block. */
  take(key: number, keep: boolean): SharedArrayBuffer[];
  /** Forgets the buffers of a key. */
  drop(key: number): void;
}

let broker: BufferBroker | null = null;
const own: Map<number, SharedArrayBuffer[]> = new Map();
let lastOwn = 0;

/** Says who keeps buffers. Called once, by the module of threads. */
export function setBufferBroker(keeper: BufferBroker): void {
  broker = keeper;
}

/** Keeps buffers for another thread, and gives their key. */
export function keepBuffers(buffers: SharedArrayBuffer[]): number {
  if (broker !== null) return broker.put(buffers);
  own.set(--lastOwn, buffers);
  return lastOwn;
}

/** Gives the buffers of a key; they stay where they are until {@linkcode dropBuffers}. */
export function fetchBuffers(key: number): SharedArrayBuffer[] {
  if (key < 0) return own.get(key) ?? [];
  return broker?.take(key, true) ?? [];
}

/** Forgets the buffers of a key. */
export function dropBuffers(key: number): void {
  if (key < 0) own.delete(key);
  else broker?.drop(key);
}
