/**
 * What a process knows of itself and of those that it comes from. All threads of the process know the same.
 *
 * @module
 */

import { bareProcess } from "./bare.ts";

/** What a process knows of itself. */
export interface Lineage {
  /** The URL of the program's own module, also in its children; `null` when it has none that can be imported. */
  main: string | null;
  /** The number of the process among the children of its parent, after those of its ancestors; empty in the first one. */
  identity: number[];
  /** The name of the process when it was started. */
  name: string;
  /** Whether its parent does not wait for it. */
  daemon: boolean;
  /** The process that started it; `null` in the first one. */
  parent: { pid: number; name: string } | null;
  /** The ticket to the memory of its relatives, which it enters when it needs that; `null` when there is none. */
  ticket: unknown;
  /** The arguments of the program, from the path of its main module on. */
  argv: string[];
  /** Flags for the runtime, which its children get, too. */
  execArgv: string[];
  /** The configuration file that its parent has named for it, or `null`. */
  config: string | null;
  /** Whether it is in a sandbox: what it gives to its parent has to be plain data. */
  confined: boolean;
}

const KEY = Symbol.for("nogil.lineage");

/** Gives what this process knows of itself. */
export function lineage(): Lineage {
  const holder = globalThis as { [key: symbol]: unknown };
  return (holder[KEY] ??= firstLineage()) as Lineage;
}

/** Says what this process is. Called once, by the boot of a child. */
export function setLineage(lineage: Lineage): void {
  (globalThis as { [key: symbol]: unknown })[KEY] = lineage;
}

/** Gives the source that makes the lineage known in a worker. */
export function lineageSource(): string {
  return `globalThis[Symbol.for("nogil.lineage")] = ${JSON.stringify(lineage())};`;
}

function firstLineage(): Lineage {
  return {
    main: mainModule(),
    identity: [],
    name: "MainProcess",
    daemon: false,
    parent: null,
    ticket: null,
    argv: bareProcess().argv.slice(1),
    execArgv: [],
    config: null,
    confined: false,
  };
}

/** Whether nobody has said yet what this process is, as on the first thread when it starts. */
export function isFirstThread(): boolean {
  return (globalThis as { [key: symbol]: unknown })[KEY] === undefined;
}

function mainModule(): string | null {
  const [, main] = bareProcess().argv;
  if (main === undefined || main === "") return null;
  if (/^[a-z][a-z0-9+.-]+:/i.test(main)) return main;
  const path = main.replaceAll("\\", "/");
  return new URL(
    path.startsWith("/") ? `file://${escapePath(path)}` : `file:///${escapePath(path)}`,
  )
    .href;
}

/** Escapes what a URL would take for something else than a path. */
function escapePath(path: string): string {
  return path.replaceAll("%", "%25").replaceAll("?", "%3F").replaceAll("#", "%23");
}
