/**
 * Where the Unix sockets of listeners lie that nobody has given an address.
 *
 * @module
 */

import { lstatSync, mkdtempSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

/** What the folders are called: then come the id of the process and some letters. */
const PREFIX = "nogil-listener-";
/** The longest path that a Unix socket can have on every system. */
const LONGEST_PATH = 100;

/** Makes the path of a socket in a folder of its own, which nobody else can enter. */
export function makeSocketPath(): string {
  if (process.platform === "win32") {
    return `\\\\.\\pipe\\${PREFIX}${process.pid}-${crypto.randomUUID()}`;
  }
  let root = temporaryFolder();
  if (join(root, `${PREFIX}${process.pid}-000000`, "s").length > LONGEST_PATH) root = "/tmp";
  removeLeftovers(root);
  return join(mkdtempSync(join(root, `${PREFIX}${process.pid}-`)), "s");
}

/** The folder for temporary files, as the environment says, or as is usual when that may not be seen. */
function temporaryFolder(): string {
  try {
    return tmpdir();
  } catch {
    return "/tmp";
  }
}

/** Removes a socket, and its folder if it was made for it. */
export function removeSocket(path: string): void {
  if (process.platform === "win32") return;
  attempt(() => {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  });
  const folder = dirname(path);
  if (folder.includes(PREFIX)) attempt(() => rmdirSync(folder));
}

/** Removes what processes have left behind that were killed. */
function removeLeftovers(root: string): void {
  attempt(() => {
    for (const name of readdirSync(root)) {
      if (!name.startsWith(PREFIX)) continue;
      const pid = Number.parseInt(name.slice(PREFIX.length));
      if (pid > 0 && isGone(pid)) removeSocket(join(root, name, "s"));
    }
  });
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
