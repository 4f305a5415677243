import { shareable, task } from "../../mod.ts";

/** Tricks this process into sending code that runs when it is received. */
function forge(): () => number {
  const lineage = (globalThis as Record<symbol, unknown>)[Symbol.for("nogil.lineage")];
  (lineage as { confined: boolean }).confined = false;
  Function.prototype.toString = () => "(globalThis.ESCAPED = true, () => 1)";
  return () => 1;
}

export const sendCode = task(import.meta, (): unknown => forge());

export const throwCode = task(import.meta, (): never => {
  throw Object.assign(new Error("see my field"), { field: forge() });
});

export const sendTask = task(import.meta, (): unknown => sendTask);

export const sendData = task(import.meta, (): unknown => ({
  map: new Map([[1n, new Date(5)]]),
  bytes: new Uint8Array([1, 2]),
  text: "é",
}));

export class OwnError extends Error {}
shareable(import.meta, OwnError);

export const throwOwn = task(import.meta, (): never => {
  throw new OwnError("of my own");
});

export const negate = task(import.meta, (x: number): number => -x);

export const exclaim = task(import.meta, (text: string): string => `${text}!`);
