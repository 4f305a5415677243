/**
 * What a child process is told at its start.
 *
 * @module
 */

import process from "node:process";
import { isMainModule, setWorkerContext } from "./main_module.ts";

/** What the address of a control channel looks like. */
const ADDRESS = /^(?:unix:.*\/nogil-\d+-\w{6}\/s|tcp:\d+)$/;
/** What Deno says of a main module that is no file, such as one that was made for a child. */
const NO_FILE = "$deno$node.mjs";

/** Gives the address of the control channel, if a module is what this process was started with, as a child; or `null`. */
export function childAddress(meta: ImportMeta): string | null {
  const [, main, address] = process.argv;
  if (address === undefined || !ADDRESS.test(address)) return null;
  if (!isMainModule(meta) && !main?.endsWith(NO_FILE)) return null;
  setWorkerContext();
  return address;
}

/** Gives the value of an environment variable that was meant for this process alone, and removes it. */
export function takeVariable(name: string, isThere: boolean): string {
  if (!isThere) return "";
  const value = process.env[name] ?? "";
  delete process.env[name];
  return value;
}

/** Makes the arguments of the program appear as in the first process. */
export function setArguments(argv: readonly string[]): void {
  process.argv.splice(1, process.argv.length, ...argv);
}

/** Calls a function with each error that nobody catches, instead of ending this process. */
export function onUncaught(handler: (error: unknown) => void): void {
  process.on("uncaughtException", handler);
  process.on("unhandledRejection", handler);
}

/** Ends this process. */
export function exit(code: number): never {
  process.exit(code);
}

/** Has everything done that is done when the event loop is empty. */
export function announceEnd(): void {
  process.emit("beforeExit", exitCode());
}

/** Gives the exit code that the program has set; 0 by default. */
export function exitCode(): number {
  return Number(process.exitCode ?? 0);
}
