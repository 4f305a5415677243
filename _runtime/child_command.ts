/**
 * How a child process of the same runtime is started.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { NotSupportedError } from "../errors.ts";
import { lineage } from "./lineage.ts";
import { configFlags, isReplaced, permissionFlags, type Permissions } from "./permissions.ts";

/** What may be said about how a child is started. */
export interface CommandOptions {
  /** What it may do; `null`: what this process may do. */
  permissions: Permissions | null;
  /** Flags for the runtime, besides those that it gets in any case; `null`: as this process. */
  execArgv: readonly string[] | null;
  /** The configuration file of Deno; `null`: what Deno finds for the program. */
  config: string | null;
}

/** A command and its arguments, which the address of the control channel follows. */
export interface ChildCommand {
  /** The path of the program. */
  command: string;
  /** Its arguments. */
  args: string[];
  /** Whether the child shall hear of words that its parent sets while it computes (`own_flags.ts`). */
  flagged?: true;
}

/** The flags of Node that belong to this process and to no child of it. */
const OWN_FLAGS = /^--(?:inspect|input-type|eval|print|check|test|watch|interactive|debug-port)/;
const OWN_SHORT_FLAGS: readonly string[] = ["-e", "-p", "-c", "-i", "-pe"];

/**
 * Gives the command for a child that runs the module at `bootUrl`.
 *
 * @param modules The URLs of the modules that it needs for its task. Deno reads what its main module imports without
 * asking: a child that may read nothing gets a main module that imports them.
 */
export function childCommand(
  bootUrl: string,
  options: CommandOptions,
  modules: readonly string[],
): ChildCommand {
  const { read } = options.permissions ?? {};
  const execArgv = [...options.execArgv ?? lineage().execArgv];
  const command = process.execPath;
  if (!("deno" in process.versions)) {
    const flags = permissionFlags(options.permissions, libraryFolders(bootUrl));
    const args = [...ownFlags(options.permissions), ...flags, ...execArgv, fileURLToPath(bootUrl)];
    return { command, args };
  }
  if (isStandalone()) {
    throw new NotSupportedError(
      "Cannot start process: a program made by 'deno compile' cannot start the runtime, run it by 'deno run'",
    );
  }
  const config = options.config ?? lineage().config;
  const flags = permissionFlags(options.permissions, libraryFolders(bootUrl));
  const main = read === undefined || read === true || modules.length === 0
    ? bootUrl
    : mainModule([bootUrl, ...modules]);
  const settings = config === null ? configFlags() : [`--config=${config}`];
  return { command, args: ["run", ...settings, ...flags, ...execArgv, main] };
}

/** Whether this program is a file of its own: whoever starts that starts the program, again and again. */
function isStandalone(): boolean {
  return (globalThis as { Deno?: { build: { standalone?: boolean } } }).Deno?.build.standalone ===
    true;
}

function mainModule(urls: readonly string[]): string {
  const source = urls.map((url) => `import ${JSON.stringify(url)};`).join("\n");
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** The folder of the library, whose modules a child has to load. */
function libraryFolders(bootUrl: string): string[] {
  return bootUrl.startsWith("file:") ? [fileURLToPath(new URL("..", bootUrl))] : [];
}

function ownFlags(permissions: Permissions | null): string[] {
  const flags: string[] = [];
  let skip = false;
  for (const flag of process.execArgv) {
    if (skip) skip = false;
    else if (OWN_SHORT_FLAGS.includes(flag)) skip = true;
    else if (isReplaced(flag, permissions)) skip = /^--allow-fs-\w+$/.test(flag);
    else if (!OWN_FLAGS.test(flag)) flags.push(flag);
    else skip = flag === "--eval" || flag === "--print" || flag === "--input-type";
  }
  return flags;
}

/** Gives the flag that limits the memory of a process, in megabytes. */
export function memoryFlag(megabytes: number): string {
  const flag = `--max-old-space-size=${Math.ceil(megabytes)}`;
  return "deno" in process.versions ? `--v8-flags=${flag}` : flag;
}
