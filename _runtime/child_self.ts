/**
 * What a child process is told at its start, and how it ends.
 *
 * @module
 */

import { bareDeno, bareProcess, useProcess, usesProcess } from "./bare.ts";
import { isFirstThread } from "./lineage.ts";
import { isMainModule, setWorkerContext } from "./main_module.ts";

/** What the address of a control channel looks like. */
const ADDRESS = /^(?:unix:.*\/nogil-\d+-\w{6}\/s|abstract:nogil-\d+-[\w-]{36}|tcp:\d+)$/;

/** What follows the address of a child that hears of words which its parent sets. */
export const FLAGGED = "flagged";

/** What a child is told on its command line. */
export interface ChildArguments {
  /** The address of the control channel. */
  address: string;
  /** Whether it hears of words that its parent sets while it computes. */
  flagged: boolean;
}

/** Gives the arguments of a child, if a module is what this process was started with, as one; or `null`. */
export function childArguments(meta: ImportMeta): ChildArguments | null {
  const deno = bareDeno();
  const args = deno?.args ?? bareProcess().argv.slice(2);
  const [address, flagged] = args;
  if (args.length > 2 || address === undefined || !ADDRESS.test(address)) return null;
  if (args.length === 2 && flagged !== FLAGGED) return null;
  if (!isFirstThread() || !isMainModule(meta) && !isMadeForChild()) return null;
  setWorkerContext();
  return { address, flagged: flagged === FLAGGED };
}

/** Whether the main module is one that was made for a child; see `child_command.ts`. */
function isMadeForChild(): boolean {
  try {
    return bareDeno()?.mainModule.startsWith("data:") === true;
  } catch {
    // This process may not know its main module: it is a file.
    return false;
  }
}

/** Gives the value of an environment variable that was meant for this process alone, and removes it. */
export function takeVariable(name: string, isThere: boolean): string {
  if (!isThere) return "";
  const deno = bareDeno();
  if (deno === null) {
    const { env } = bareProcess();
    const value = env[name] ?? "";
    delete env[name];
    return value;
  }
  const value = deno.env.get(name) ?? "";
  deno.env.delete(name);
  return value;
}

/** Makes the arguments of the program appear in `process` as in the first process. */
export function setArguments(argv: readonly string[]): void {
  useProcess();
  const process = bareProcess();
  process.argv.splice(1, process.argv.length, ...argv);
}

/** Who is told of errors that nobody catches. */
let catcher: ((error: unknown) => void) | null = null;
let isCatching = false;

/** Calls a function with each error that nobody catches, instead of ending this process. */
export function onUncaught(handler: (error: unknown) => void): void {
  catcher = handler;
  if (bareDeno() !== null) return expectUncaught();
  bareProcess().on("uncaughtException", handler);
  bareProcess().on("unhandledRejection", handler);
}

/** Prepares for {@linkcode onUncaught} on Deno; before that is called, nothing changes. */
export function expectUncaught(): void {
  if (isCatching || bareDeno() === null) return;
  isCatching = true;
  globalThis.addEventListener("error", (event) => caught(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => caught(event, event.reason));
}

function caught(event: Event, error: unknown): void {
  if (catcher === null) return;
  event.preventDefault();
  catcher(error);
}

/** Whether anybody listens for the end of this process. */
export function isEndObserved(): boolean {
  if (!usesProcess()) return false;
  const process = bareProcess();
  return process.listenerCount("beforeExit") > 0 || process.listenerCount("exit") > 0;
}

/** Has everything done that is done when the event loop is empty. */
export function announceEnd(): void {
  if (usesProcess()) bareProcess().emit("beforeExit", exitCode());
}

/** Gives the exit code that the program has set; 0 by default. */
export function exitCode(): number {
  return bareDeno()?.exitCode ?? Number(bareProcess().exitCode ?? 0);
}

/** Calls those who listen for the end of this process, once; what they set as exit code counts. */
export function callExitListeners(code: number): number {
  if (!usesProcess()) return code;
  const process = bareProcess();
  process.exitCode = code;
  process.emit("exit", code);
  process.removeAllListeners("exit");
  return exitCode();
}

/** Ends this process. */
export function exit(code: number): never {
  if (usesProcess()) bareProcess().exit(code);
  return (bareDeno() as { exit(code: number): never }).exit(code);
}
