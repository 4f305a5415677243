/**
 * Processes that this one starts, with an empty standard input and its own standard output and error.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";

/** How a process has ended. */
export interface ChildEnd {
  /** Its exit code; `null` after a signal. */
  code: number | null;
  /** The name of the signal that has ended it, or `null`. */
  signal: string | null;
}

/** A process that was started. */
export interface ChildHandle {
  /** The id of the process. */
  readonly pid: number;
  /** Sends a signal; nothing happens when the process has ended. */
  kill(signal: string): void;
}

/** The part of Deno that is used here. */
interface DenoCommands {
  Command: new (command: string, options: object) => {
    spawn(): {
      pid: number;
      status: Promise<{ code: number; signal: string | null }>;
      kill(signal: string): void;
    };
  };
}

/**
 * Starts a process.
 *
 * @param onExit Called once, when the process has ended and is no zombie any more; or with the error that kept it from
 * starting.
 */
export function spawnChild(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  onExit: (end: ChildEnd | Error) => void,
): ChildHandle {
  const { Deno } = globalThis as { Deno?: DenoCommands };
  return Deno !== undefined && "deno" in process.versions
    ? spawnOnDeno(Deno, command, args, env, onExit)
    : spawnOnNode(command, args, env, onExit);
}

/** Gives the number of a signal; 0 when there is none of that name. */
export function signalNumber(signal: string): number {
  return (constants.signals as Record<string, number>)[signal] ?? 0;
}

/** Gives the name of a signal, by its number. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name;
  return `signal ${number}`;
}

function spawnOnDeno(
  { Command }: DenoCommands,
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  onExit: (end: ChildEnd | Error) => void,
): ChildHandle {
  const options = { args, env, stdin: "null", stdout: "inherit", stderr: "inherit" };
  const child = new Command(command, options).spawn();
  child.status.then(
    ({ code, signal }) => onExit({ code: signal === null ? code : null, signal }),
    onExit,
  );
  return {
    pid: child.pid,
    kill(signal) {
      try {
        child.kill(signal);
      } catch {
        // It has ended already.
      }
    },
  };
}

function spawnOnNode(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  onExit: (end: ChildEnd | Error) => void,
): ChildHandle {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", 1, 2],
    windowsHide: true,
  });
  child.on("exit", (code, signal) => onExit({ code, signal }));
  child.on("error", (error) => {
    if (child.pid === undefined) onExit(error);
  });
  return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal as "SIGTERM") };
}
