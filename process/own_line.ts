/**
 * The line of a child process: bytes that go to the thread of its parent that has opened the other end, and back. It runs
 * over the control channel, and serves where memory cannot be shared.
 *
 * @module
 */

let deliver: ((bytes: Uint8Array) => void) | null = null;
let early: Uint8Array[] = [];
let post: ((bytes: Uint8Array) => void) | null = null;

/** Says how bytes get to the parent. Called once, by the boot of a child. */
export function connectLine(send: (bytes: Uint8Array) => void): void {
  post = send;
}

/** Takes bytes from the parent. */
export function receiveLine(bytes: Uint8Array): void {
  if (deliver === null) early.push(bytes);
  else deliver(bytes);
}

/** Sends bytes to the parent. */
export function sendLine(bytes: Uint8Array): void {
  post?.(bytes);
}

/** Calls a function with what comes from the parent, from the first bytes on. */
export function onLine(listener: (bytes: Uint8Array) => void): void {
  deliver = listener;
  const missed = early;
  early = [];
  for (const bytes of missed) listener(bytes);
}
