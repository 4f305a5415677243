/**
 * What a child process may do: the flags for it, from what this process may do and what the program asks for.
 *
 * A flag may hold {@linkcode CHANNEL}, in whose place the path of the child's control channel is put.
 *
 * @module
 */

import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { NotSupportedError } from "../errors.ts";
import { lineage } from "./lineage.ts";

/** The kinds of permissions, as Deno calls them. */
export const PERMISSIONS = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "sys",
  "ffi",
  "import",
] as const;

/** A kind of permission. */
export type PermissionName = typeof PERMISSIONS[number];

/** What a process may do, by kind: all, nothing, or what a list names. */
export type Permissions = { [name in PermissionName]?: boolean | string[] };

/** What stands for the path of the control channel in a flag. */
export const CHANNEL = "{nogil-channel}";

/** Whether a child with these flags can reach nothing but the file of its control channel, or may not see its environment. */
export function isRestricted(args: readonly string[]): boolean {
  return args.some((arg) => arg.includes(CHANNEL) || arg.startsWith("--deny-")) ||
    "deno" in process.versions && !args.includes("--allow-all") && !args.includes("--allow-env");
}

/** What the channel needs of each kind. */
const FOR_CHANNEL: { [name in PermissionName]?: string } = {
  read: CHANNEL,
  write: CHANNEL,
  net: `unix:${CHANNEL}`,
};

/** One thing of each kind: who may do that, and not all, has been granted a part. */
type Probe = Record<string, string>;

interface Status {
  state: "granted" | "denied" | "prompt";
  partial?: boolean;
}

interface DenoPermissions {
  permissions: { querySync(descriptor: { name: string } & Probe): Status };
}

/**
 * Gives the flags for a child.
 *
 * @param wanted What the program asks for; what it does not name is as here.
 * @param readable Folders of modules that the child loads in any case.
 * @throws {NotSupportedError} If this process has been granted a part of something that is not named, or if the runtime
 * cannot do what is asked for.
 */
export function permissionFlags(wanted: Permissions | null, readable: readonly string[]): string[] {
  return "deno" in process.versions
    ? denoFlags(wanted, readable)
    : nodeFlags(wanted ?? {}, readable);
}

/**
 * Whether a child is in a sandbox: it is restricted, and can neither run programs nor load libraries, which would do whatever
 * it may not.
 */
export function isConfined(wanted: Permissions | null): boolean {
  if (wanted === null || wanted.run === undefined || wanted.run === true) return false;
  const ffi = wanted.ffi ?? (!("deno" in process.versions) || held("ffi") === true);
  return ffi !== true;
}

function denoFlags(wanted: Permissions | null, readable: readonly string[]): string[] {
  const granted = new Map(PERMISSIONS.map((name) => [name, wanted?.[name] ?? held(name)]));
  const inPart = PERMISSIONS.filter((name) => granted.get(name) === "in part");
  if (inPart.length > 0) {
    const named = inPart.map((name) => `${name}: …`).join(", ");
    throw new NotSupportedError(
      `Cannot start process: ${
        inPart.join(" and ")
      } granted in part, and a process cannot tell which part. ` +
        `Say what the new one may do: new Process({ permissions: { ${named} } })`,
    );
  }
  if (PERMISSIONS.every((name) => granted.get(name) === true)) return ["--allow-all"];
  const flags = ["--no-prompt"];
  for (const [name, grant] of granted) {
    if (grant === true) {
      flags.push(`--allow-${name}`);
      continue;
    }
    const list = Array.isArray(grant) ? grant.map(escapeComma) : [];
    const channel = FOR_CHANNEL[name];
    if (channel !== undefined) list.push(channel);
    if (name === "read") list.push(...readable.map(escapeComma));
    if (list.length > 0) flags.push(`--allow-${name}=${list.join(",")}`);
    else if (name === "import" && wanted?.import !== undefined) flags.push("--deny-import");
  }
  return flags;
}

/** Tells whether this process may do all of a kind, nothing, or something. */
function held(name: PermissionName): boolean | "in part" {
  const { state, partial } = query({ name });
  if (state === "granted") return partial === true ? "in part" : true;
  const isGranted = (probe: Probe): boolean => query({ name, ...probe }).state === "granted";
  return probes(name).some(isGranted) ? "in part" : false;
}

function query(descriptor: { name: string } & Probe): Status {
  const { Deno } = globalThis as unknown as { Deno: DenoPermissions };
  try {
    return Deno.permissions.querySync(descriptor);
  } catch {
    // This version does not know the kind.
    return { state: "prompt" };
  }
}

function probes(name: PermissionName): Probe[] {
  switch (name) {
    case "read":
    case "write":
    case "ffi":
      return [".", "..", "/tmp", ...mainFolder()].map((path) => ({ path }));
    case "net":
      return ["localhost", "127.0.0.1", "0.0.0.0", "jsr.io"].map((host) => ({ host }));
    case "env":
      return ["HOME", "PATH"].map((variable) => ({ variable }));
    case "run":
      return [process.execPath, "deno"].map((command) => ({ command }));
    case "sys":
      return ["hostname", "cpus", "uid"].map((kind) => ({ kind }));
    case "import":
      return [];
  }
}

function mainFolder(): string[] {
  const { main } = lineage();
  return main?.startsWith("file:") ? [fileURLToPath(new URL(".", main))] : [];
}

function escapeComma(item: string): string {
  return item.replaceAll(",", ",,");
}

/** The flags of Node, where they have another name or need none. */
const NODE_FLAGS: { [name in PermissionName]?: string } = {
  read: "--allow-fs-read",
  write: "--allow-fs-write",
  run: "--allow-child-process",
  ffi: "--allow-addons",
};

/** Not every Node that knows permissions knows this one. */
const NET_FLAG = "--allow-net";

/** Tells whether a flag of Node grants what the program says anew for a child. */
export function isReplaced(flag: string, wanted: Permissions | null): boolean {
  const name = flag.split("=")[0];
  return Object.keys(wanted ?? {}).some((kind) =>
    name === (kind === "net" ? NET_FLAG : NODE_FLAGS[kind as PermissionName])
  );
}

function nodeFlags(wanted: Permissions, readable: readonly string[]): string[] {
  const restricted = PERMISSIONS.filter((name) =>
    wanted[name] !== undefined && wanted[name] !== true
  );
  if (restricted.length === 0) return [];
  const flags = process.allowedNodeEnvironmentFlags;
  if (!flags.has("--permission")) {
    throw new NotSupportedError(
      `Cannot start process: Node ${process.version} knows no permissions, Node 24 and Deno do`,
    );
  }
  const netFlag = flags.has(NET_FLAG) ? NET_FLAG : undefined;
  const result = ["--permission", "--allow-worker"];
  const isRestricted = (process as { permission?: object }).permission !== undefined;
  for (const name of PERMISSIONS) {
    // What is not named is as here: the child has the flags of this process, too.
    if (wanted[name] === undefined && isRestricted) continue;
    const grant = wanted[name] ?? true;
    const flag = name === "net" ? netFlag : NODE_FLAGS[name];
    if (flag === undefined) {
      if (grant === true) continue;
      throw new NotSupportedError(
        `Cannot start process: Node ${process.version} cannot restrict permission "${name}"`,
      );
    }
    const takesPaths = name === "read" || name === "write";
    if (grant === true) result.push(takesPaths ? `${flag}=*` : flag);
    else if (takesPaths) {
      const paths = [
        ...(grant === false ? [] : grant),
        CHANNEL,
        ...(name === "read" ? readable : []),
      ];
      for (const path of paths) result.push(`${flag}=${path}`);
    } else if (grant !== false && grant.length > 0) {
      throw new NotSupportedError(
        `Cannot start process: Node grants permission "${name}" as a whole or not at all`,
      );
    }
  }
  return result;
}

/** What a process needs to start others: to run the runtime, to find its settings, and to talk by a socket in a file. */
const FOR_PROCESSES: readonly PermissionName[] = ["read", "write", "net", "run"];

/** Gives what this process lacks in order to start others; on Node nothing. */
export function missingForProcesses(): PermissionName[] {
  if (!("deno" in process.versions)) return [];
  return FOR_PROCESSES.filter((name) => held(name) === false);
}

/** Gives the environment variables. On Deno, `process.env` takes ten times as long, and their order is never the same. */
function environment(): string[] {
  const { Deno } = globalThis as { Deno?: { env?: { toObject?(): object } } };
  const variables = Deno?.env?.toObject?.() ?? process.env;
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`).sort();
}

/** Describes what a child inherits besides its flags, as far as this process may see it: the environment and the folder. */
export function surroundings(): string {
  const maySee = (name: PermissionName): boolean =>
    !("deno" in process.versions) || held(name) === true;
  try {
    return JSON.stringify([maySee("read") && process.cwd(), maySee("env") && environment()]);
  } catch {
    // The folder was removed.
    return "";
  }
}

/** What was found, by where the search began. */
const settings: Map<string, readonly string[]> = new Map();

/**
 * Gives the flags for the settings that Deno would find for the program: those of the nearest folder that has any. Where
 * that has a `package.json` alone, packages come from the folders `node_modules` above each module. It is looked for
 * once, as Deno does.
 */
export function configFlags(): readonly string[] {
  const { main } = lineage();
  const start = main?.startsWith("file:") ? main : `file://${process.cwd()}/`;
  let found = settings.get(start);
  if (found === undefined) settings.set(start, found = searchSettings(start));
  return found;
}

function searchSettings(start: string): string[] {
  let folder = new URL(start);
  for (;;) {
    const here = new URL(".", folder);
    const pathOf = (name: string): string => fileURLToPath(new URL(name, here));
    for (const path of ["deno.json", "deno.jsonc"].map(pathOf)) {
      if (existsSync(path)) return [`--config=${path}`];
    }
    if (existsSync(pathOf("package.json"))) return ["--no-config", "--node-modules-dir=manual"];
    const above = new URL("..", here);
    if (above.href === here.href) return ["--no-config"];
    folder = above;
  }
}
