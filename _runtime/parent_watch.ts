/**
 * The end of the parent: a thread of its own waits for it on a connection of its own, and ends this process at once,
 * whatever the other threads are doing.
 *
 * It is a worker of the lightest kind that each runtime has, and it imports nothing of the library.
 *
 * @module
 */

import { bareDeno, bareProcess } from "./bare.ts";
import { denoTarget, filePath, nodeTarget } from "./child_socket.ts";

/** The part of a web worker that is used here. */
interface WebWorker {
  addEventListener(event: string, listener: (event: Event) => void): void;
  postMessage(message: unknown): void;
}

/** What comes over the connection: pairs of 32-bit numbers, the index of a word and its new value. */
const STORE = `let rest = new Uint8Array(0);
function store(chunk) {
  const bytes = new Uint8Array(rest.length + chunk.length);
  bytes.set(rest);
  bytes.set(chunk, rest.length);
  const pairs = new DataView(bytes.buffer);
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const index = pairs.getInt32(at, true);
    Atomics.store(words, index, pairs.getInt32(at + 4, true));
  }
  rest = bytes.slice(at);
}
`;

/**
 * Ends this process when the connection to an address breaks, or cannot be made.
 *
 * @param hello What is sent first.
 * @param flags Memory of the words that the parent may set.
 * @returns When the thread that sees to it was started.
 */
export async function dieWithParent(
  address: string,
  hello: Uint8Array,
  flags: ArrayBufferLike,
): Promise<void> {
  if (bareDeno() !== null) watchOnDeno(address, hello, flags);
  else await watchOnNode(address, hello, flags);
}

/** Ends this process at once. */
export function killSelf(): void {
  const self = bareDeno() ?? bareProcess();
  self.kill(self.pid, "SIGKILL");
}

function watchOnDeno(address: string, hello: Uint8Array, flags: ArrayBufferLike): void {
  const source = `${STORE}
let words = new Int32Array(0);
const given = new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data), { once: true }));
try {
  const connection = await Deno.connect(${JSON.stringify(denoTarget(address))});
  await connection.write(new Uint8Array(${JSON.stringify([...hello])}));
  const bytes = new Uint8Array(64);
  words = new Int32Array(await given);
  for (;;) {
    const count = await connection.read(bytes);
    if (count === null) break;
    store(bytes.subarray(0, count));
  }
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
  worker.postMessage(flags);
}

async function watchOnNode(
  address: string,
  hello: Uint8Array,
  flags: ArrayBufferLike,
): Promise<void> {
  const source = `import { rmSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { workerData } from "node:worker_threads";
const words = new Int32Array(workerData);
${STORE}
const socket = connect(${JSON.stringify(nodeTarget(address))});
socket.write(new Uint8Array(${JSON.stringify([...hello])}));
socket.on("data", store);
socket.on("error", () => {});
socket.on("close", () => {
  for (const path of ${
    JSON.stringify(leftBy(address))
  }) rmSync(path, { recursive: true, force: true });
  process.kill(process.pid, "SIGKILL");
});`;
  const { Worker } = await import("node:worker_threads");
  const worker = new Worker(new URL(moduleUrl(source)), {
    execArgv: [],
    env: {},
    workerData: flags,
  });
  worker.on("error", killSelf);
  worker.unref();
}

/** What the parent may not have had the time to remove: the socket, and its folder. */
function leftBy(address: string): string[] {
  const path = filePath(address);
  return path === null ? [] : [path, path.slice(0, path.lastIndexOf("/"))];
}

function moduleUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
