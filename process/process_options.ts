/**
 * How processes are made.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { lineage } from "../_runtime/lineage.ts";
import { type PermissionName, PERMISSIONS, type Permissions } from "../_runtime/permissions.ts";
import { checkArgs, checkTarget } from "../thread/thread_options.ts";
import { blankInnards, type Innards, processFields } from "./innards.ts";

/**
 * What a process may do, by kind of permission: `true` for all, `false` for nothing, or a list of what it may do. A kind
 * that is not named is as in the parent.
 */
export interface ProcessPermissions {
  /** Files that it may read. On Node, these are also all modules that it may load, besides this library. */
  read?: boolean | string[];
  /** Files that it may write. */
  write?: boolean | string[];
  /** Hosts that it may reach or listen on. */
  net?: boolean | string[];
  /** Environment variables that it may see. */
  env?: boolean | string[];
  /** Programs that it may run. Who may run any program is in no sandbox. */
  run?: boolean | string[];
  /** What it may learn of the system. */
  sys?: boolean | string[];
  /** Native libraries that it may load. Who may load any library is in no sandbox. */
  ffi?: boolean | string[];
  /** Hosts that it may import modules from. */
  import?: boolean | string[];
}

/** How the runtime of a process is started. */
export interface RuntimeOptions {
  /**
   * What the process may do. Default: what this process has been granted as a whole; if something was granted in part, it
   * must be named here, since a process cannot tell which part. Who may neither `run` programs nor use `ffi` is in a sandbox,
   * and gives back plain data alone: no functions, tasks, handles or instances of classes.
   */
  permissions?: ProcessPermissions;
  /** Flags for the runtime, such as `--unstable-kv` or `--max-old-space-size=512`. Default: those of this process, on Node. */
  execArgv?: string[];
  /**
   * Deno's configuration file. Default: the `deno.json` or `package.json` that Deno finds for the program's main module. Name
   * it if the program was started with `--config`: a process cannot tell.
   */
  config?: string;
}

/** How a {@linkcode Process} is made. */
export interface ProcessOptions<A extends unknown[], R> extends RuntimeOptions {
  /** The function to run: a task, or a self-contained function. Without it, extend the class and override `run`. */
  target?: (...args: A) => R | PromiseLike<R>;
  /** Arguments for the target: an array, or any other iterable. Default: none. */
  args?: NoInfer<A> | (Iterable<NoInfer<A>[number]> & { readonly length?: never });
  /** A name, for people. Default: `Process-N`, and `Process-N:M` for the child of such a child. */
  name?: string;
  /** Whether the process is ended when this one ends, and not waited for. Default: as the current process. */
  daemon?: boolean;
}

/** Checks options, and gives the innards of a new process. */
export function checkOptions(options: ProcessOptions<unknown[], unknown>): Innards {
  checkObject(options);
  const { target, args = [], name, daemon } = options;
  checkTarget(options, "create process");
  checkArgs(args, "create process");
  if (daemon !== undefined && typeof daemon !== "boolean") {
    throw new TypeError(`Cannot create process: 'daemon' must be a boolean, not ${typeof daemon}`);
  }
  if (name !== undefined) checkName(name);
  const own = lineage();
  const identity = [...own.identity, processFields().nextNumber()];
  return {
    ...blankInnards(),
    ...checkRuntimeOptions(options),
    identity,
    name: name ?? `Process-${identity.join(":")}`,
    daemon: daemon ?? own.daemon,
    target: target ?? null,
    args: [...args],
  };
}

/** Checks how the runtime is started. */
export function checkRuntimeOptions(
  options: RuntimeOptions,
): Pick<Innards, "permissions" | "execArgv" | "config"> {
  checkObject(options);
  const { permissions, execArgv, config } = options;
  if (
    execArgv !== undefined &&
    !(Array.isArray(execArgv) && execArgv.every((flag) => typeof flag === "string"))
  ) throw new TypeError("Cannot create process: 'execArgv' must be an array of strings");
  if (config !== undefined && typeof config !== "string") {
    throw new TypeError(`Cannot create process: 'config' must be a path, not ${typeof config}`);
  }
  return {
    permissions: permissions === undefined ? null : checkPermissions(permissions),
    execArgv: execArgv === undefined ? null : [...execArgv],
    config: config ?? null,
  };
}

/** Checks the name of a process. */
export function checkName(name: string): void {
  if (typeof name !== "string") {
    throw new TypeError(`Cannot name process: expected a string, received ${typeof name}`);
  }
}

/** Checks whether a process can become a daemon, or none. */
export function checkDaemon({ kind, ident, name }: Innards, daemon: boolean): void {
  if (typeof daemon !== "boolean") {
    throw new TypeError(`Cannot set daemon: expected a boolean, received ${typeof daemon}`);
  }
  if (kind === "child" && ident === null) return;
  throw new InvalidStateError(`Cannot set daemon of process ${name}: it was started`);
}

function checkObject(options: object): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot create process: expected options, as { target: fn, args: [1] }: received ${typeof options}`,
    );
  }
}

/** A name that is misspelt would grant what it should not: unlike other options, it is refused. */
function checkPermissions(permissions: ProcessPermissions): Permissions {
  if (typeof permissions !== "object" || permissions === null) {
    throw new TypeError("Cannot create process: 'permissions' must be an object");
  }
  const checked: Permissions = {};
  for (const [name, grant] of Object.entries(permissions)) {
    if (!(PERMISSIONS as readonly string[]).includes(name)) {
      throw new TypeError(`Cannot create process: there is no permission "${name}"`);
    }
    if (grant === undefined) continue;
    if (
      typeof grant !== "boolean" &&
      !(Array.isArray(grant) && grant.every((item) => typeof item === "string"))
    ) {
      throw new TypeError(
        `Cannot create process: permission "${name}" must be a boolean or an array of strings`,
      );
    }
    checked[name as PermissionName] = Array.isArray(grant) ? [...grant] : grant;
  }
  return checked;
}
