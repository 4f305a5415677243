/**
 * Runs the programs that the scripts of this repository need.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import process from "node:process";

/** The folder of the repository. */
export const ROOT: string = resolve(import.meta.dirname ?? ".", "..");

/** How {@linkcode run} and {@linkcode attempt} run a program. */
export interface RunOptions {
  /** The folder to run in; the repository by default. */
  cwd?: string;
  /** Environment variables to add. */
  env?: Record<string, string>;
  /** Milliseconds after which the program is killed with all its children. */
  timeout?: number;
  /** Whether to keep the output back, to show it only if the program fails. */
  quiet?: boolean;
}

/** How {@linkcode run} runs a program. */
export interface StrictRunOptions extends RunOptions {
  /** Whether to return standard error too. */
  merge?: boolean;
}

/** How a program ended. */
export interface Outcome {
  /** Whether it exited with code 0 in time. */
  ok: boolean;
  /** `"exit code 1"`, `"SIGSEGV"`, or `"killed after 120 s"`. */
  ending: string;
  /** Standard output and standard error as they came; empty unless `quiet`. */
  output: string;
  /** Standard output alone; empty unless `quiet`. */
  stdout: string;
}

/** Runs a program to its end, however it ends, without standard input. */
export function attempt(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = "";
    let stdout = "";
    let timedOut = false;
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", options.quiet ? "pipe" : "inherit", options.quiet ? "pipe" : "inherit"],
      detached: options.timeout !== undefined,
    });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => output += text);
    const timer = options.timeout === undefined ? undefined : setTimeout(() => {
      timedOut = true;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    }, options.timeout);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ ok: false, ending: error.message, output, stdout });
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const seconds = Math.round((options.timeout ?? 0) / 1000);
      const ending = timedOut ? `killed after ${seconds} s` : signal ?? `exit code ${code}`;
      resolve({ ok: code === 0 && !timedOut, ending, output, stdout });
    });
  });
}

/**
 * Runs a program to its end and returns its standard output (with `merge` also its standard error) if `quiet`.
 *
 * @throws {Error} If it cannot be started or does not exit with code 0.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: StrictRunOptions = {},
): Promise<string> {
  const { ok, ending, output, stdout } = await attempt(command, args, options);
  if (!ok) throw new Error(`Cannot run '${[command, ...args].join(" ")}': ${ending}\n${output}`);
  return options.merge ? output : stdout;
}
