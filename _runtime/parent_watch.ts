/**
 * The end of the parent: a thread of its own waits for it on a connection of its own, and ends this process at once,
 * whatever the other threads are doing.
 *
 * It is a worker of the lightest kind that each runtime has, and it imports nothing of the library.
 *
 * @module
 */

import { bareDeno, bareProcess } from "./bare.ts";
import { denoTarget } from "./child_socket.ts";

/** The part of a web worker that is used here. */
interface WebWorker {
  addEventListener(event: string, listener: (event: Event) => void): void;
}

/**
 * Ends this process when the connection to an address breaks, or cannot be made.
 *
 * @param hello What is sent first.
 * @returns When the thread that sees to it was started.
 */
export async function dieWithParent(address: string, hello: Uint8Array): Promise<void> {
  if (bareDeno() !== null) watchOnDeno(address, hello);
  else await watchOnNode(address, hello);
}

/** Ends this process at once. */
export function killSelf(): void {
  const self = bareDeno() ?? bareProcess();
  self.kill(self.pid, "SIGKILL");
}

function watchOnDeno(address: string, hello: Uint8Array): void {
  const source = `try {
  const connection = await Deno.connect(${JSON.stringify(denoTarget(address))});
  await connection.write(new Uint8Array(${JSON.stringify([...hello])}));
  const bytes = new Uint8Array(64);
  while (await connection.read(bytes) !== null);
} catch {
  // There is no connection: the parent is gone.
}
for (const path of ${JSON.stringify(leftBy(address))}) {
  try {
    Deno.removeSync(path);
  } catch {
    // The parent has removed it.
  }
}
Deno.kill(Deno.pid, "SIGKILL");`;
  const { Worker } = globalThis as unknown as {
    Worker: new (url: string, options: object) => WebWorker;
  };
  const worker = new Worker(moduleUrl(source), { type: "module", name: "nogil parent watch" });
  worker.addEventListener("error", killSelf);
}

async function watchOnNode(address: string, hello: Uint8Array): Promise<void> {
  const target = address.startsWith("unix:")
    ? { path: address.slice(5) }
    : { host: "127.0.0.1", port: Number(address.slice(4)) };
  const source = `import { rmSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
const socket = connect(${JSON.stringify(target)});
socket.write(new Uint8Array(${JSON.stringify([...hello])}));
socket.on("data", () => {});
socket.on("error", () => {});
socket.on("close", () => {
  for (const path of ${
    JSON.stringify(leftBy(address))
  }) rmSync(path, { recursive: true, force: true });
  process.kill(process.pid, "SIGKILL");
});`;
  const { Worker } = await import("node:worker_threads");
  const worker = new Worker(new URL(moduleUrl(source)), { execArgv: [], env: {} });
  worker.on("error", killSelf);
  worker.unref();
}

/** What the parent may not have had the time to remove: the socket, and its folder. */
function leftBy(address: string): string[] {
  if (!address.startsWith("unix:")) return [];
  const path = address.slice(5);
  return [path, path.slice(0, path.lastIndexOf("/"))];
}

function moduleUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
