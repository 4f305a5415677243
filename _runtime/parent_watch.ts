/**
 * The end of the parent: a thread of its own waits for it on a connection of its own, and ends this process at once,
 * whatever the other threads are doing.
 *
 * It is a worker of the lightest kind that each runtime has, and it imports nothing of the library.
 *
 * @module
 */

import process from "node:process";
import { Worker as NodeWorker } from "node:worker_threads";

/** The part of a web worker that is used here. */
interface WebWorker {
  addEventListener(event: string, listener: (event: Event) => void): void;
}

/**
 * Ends this process when the connection to an address breaks, or cannot be made.
 *
 * @param hello What is sent first.
 */
export function dieWithParent(address: string, hello: Uint8Array): void {
  if ("deno" in process.versions) watchOnDeno(address, hello);
  else watchOnNode(address, hello);
}

/** Ends this process at once. A process that may send no signals aborts. */
export function killSelf(): void {
  try {
    process.kill(process.pid, "SIGKILL");
  } catch {
    process.abort();
  }
}

function watchOnDeno(address: string, hello: Uint8Array): void {
  const target = address.startsWith("unix:")
    ? { transport: "unix", path: address.slice(5) }
    : { hostname: "127.0.0.1", port: Number(address.slice(4)) };
  const source = `import process from "node:process";
try {
  const connection = await Deno.connect(${JSON.stringify(target)});
  await connection.write(new Uint8Array(${JSON.stringify([...hello])}));
  const bytes = new Uint8Array(64);
  while (await connection.read(bytes) !== null);
} catch {
  // There is no connection: the parent is gone.
}
${END}`;
  const { Worker } = globalThis as unknown as {
    Worker: new (url: string, options: object) => WebWorker;
  };
  const worker = new Worker(moduleUrl(source), { type: "module", name: "nogil parent watch" });
  worker.addEventListener("error", killSelf);
}

function watchOnNode(address: string, hello: Uint8Array): void {
  const target = address.startsWith("unix:")
    ? { path: address.slice(5) }
    : { host: "127.0.0.1", port: Number(address.slice(4)) };
  const source = `import { connect } from "node:net";
import process from "node:process";
const socket = connect(${JSON.stringify(target)});
socket.write(new Uint8Array(${JSON.stringify([...hello])}));
socket.on("data", () => {});
socket.on("error", () => {});
socket.on("close", () => { ${END} });`;
  const worker = new NodeWorker(new URL(moduleUrl(source)), { execArgv: [], env: {} });
  worker.on("error", killSelf);
  worker.unref();
}

/** What a thread does to end the process that it belongs to. */
const END = `try { process.kill(process.pid, "SIGKILL"); } catch { process.abort(); }`;

function moduleUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
