/**
 * Where the Unix sockets lie that nobody has given an address: each in a folder of its own, which nobody else can enter.
 *
 * @module
 */

import { lstatSync, mkdtempSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";

/** What the folders are called: `nogil-`, the id of the process, and some letters. */
const OWN_FOLDER = /^nogil-(\d+)-\w{6}$/;
/** The longest folder below which a Unix socket can be on every system. */
const LONGEST_FOLDER = 70;
/** Where the folders are when they cannot be where the environment says. */
const LAST_RESORT = "/tmp";

/** Makes the path of a socket in a new folder. */
export function makeSocketPath(): string {
  const name = `nogil-${process.pid}-`;
  if (process.platform === "win32") return `\\\\.\\pipe\\${name}${crypto.randomUUID()}`;
  const root = temporaryFolder();
  let folder: string;
  try {
    folder = mkdtempSync(join(root, name));
  } catch (error) {
    if (root === LAST_RESORT) throw error;
    folder = mkdtempSync(join(LAST_RESORT, name));
  }
  return join(folder, "s");
}

/** Removes a socket, and its folder if it was made for it. */
export function removeSocket(path: string): void {
  if (process.platform === "win32") return;
  const folder = dirname(path);
  const isOwn = OWN_FOLDER.test(basename(folder));
  attempt(() => {
    if (isOwn || lstatSync(path).isSocket()) unlinkSync(path);
  });
  if (isOwn) attempt(() => rmdirSync(folder));
}

/** Removes the sockets of processes that were killed before they could. */
export function removeLeftovers(): void {
  if (process.platform === "win32") return;
  attempt(() => {
    const root = temporaryFolder();
    for (const name of readdirSync(root)) {
      const pid = Number(OWN_FOLDER.exec(name)?.[1] ?? 0);
      if (pid > 0 && isGone(pid)) removeSocket(join(root, name, "s"));
    }
  });
}

/** The folder for temporary files, as the environment says, unless that may not be seen or is too long. */
function temporaryFolder(): string {
  try {
    const folder = tmpdir();
    if (folder.length <= LONGEST_FOLDER) return folder;
  } catch {
    // This process may not see its environment.
  }
  return LAST_RESORT;
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { code?: unknown }).code === "ESRCH";
  }
}

/** What is gone already, or may not be touched, stays as it is. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    return;
  }
}
