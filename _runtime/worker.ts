/**
 * Workers of `node:worker_threads`, which Deno and Node both have.
 *
 * A worker starts from a `data:` module, because that works wherever the library was loaded from (a file,
 * `https:`, an npm package). The module does five things:
 *
 * 1. It collects the messages that come before somebody listens: Deno would drop them.
 * 2. It loads this side's runtime: Deno panics when a worker is ended while it loads what Deno brings, so nothing of
 *    that is left to do once the worker can be interrupted.
 * 3. It takes a Web Lock for life, where there are Web Locks. Deno interrupts running JavaScript in
 *    `terminate()` only for a worker that holds one; without it a spinning or parked worker runs on.
 * 4. It says what process this is (see `lineage.ts`).
 * 5. It imports the boot module. An error while loading is the worker's error, and ends it.
 *
 * On Deno the held lock also keeps the worker alive: it ends by `exitWorker`, an error or `terminate`.
 *
 * @module
 */

import {
  isMainThread,
  MessageChannel as NodeMessageChannel,
  parentPort,
  receiveMessageOnPort,
  SHARE_ENV,
  threadId,
  Worker,
  workerData as dataOfWorker,
} from "node:worker_threads";
import { lineageSource } from "./lineage.ts";
import type { Refable, SpawnOptions, WorkerHandle } from "./types.ts";

/** Number of this thread in the OS process; 0 on the main thread. */
export const ownThreadId: number = threadId;

/** Whether this code runs in a worker. */
export const inWorker: boolean = !isMainThread;

/** Where the bootstrap leaves the messages that came early. */
const EARLY = "nogil.early";

function bootstrap(bootUrl: string, runtimeUrl: string): URL {
  const source = `import { parentPort } from "node:worker_threads";
const messages = [];
const listener = (message) => messages.push(message);
parentPort.on("message", listener);
parentPort.unref();
${lineageSource()}
globalThis[Symbol.for("${EARLY}")] = { messages, listener };
await import(${specifier(runtimeUrl)});
const locks = globalThis.navigator?.locks;
if (locks) {
  await new Promise((held, failed) => {
    const name = "nogil-life-" + Math.random() + "-" + performance.now();
    locks.request(name, () => (held(), new Promise(() => {}))).catch(failed);
  });
}
await import(${specifier(bootUrl)});`;
  return new URL("data:text/javascript," + encodeURIComponent(source));
}

/**
 * Gives the argument of an `import`. Where Deno checks types (in `deno test`), it checks all that a worker imports by a
 * literal, in every worker anew, which takes seconds; and it asks for permission for all that is imported otherwise.
 */
function specifier(url: string): string {
  const literal = JSON.stringify(url);
  return isReadable(url) ? `String(${literal})` : literal;
}

/** Whether Deno lets this thread import a module by whatever expression. */
export function isReadable(url: string): boolean {
  const { Deno } = globalThis as {
    Deno?: { permissions: { querySync(descriptor: object): { state: string } } };
  };
  const { protocol, host, pathname } = new URL(url);
  try {
    const descriptor = protocol === "file:"
      ? { name: "read", path: decodeURIComponent(pathname) }
      : { name: "import", host };
    return Deno?.permissions.querySync(descriptor).state === "granted";
  } catch {
    // This version does not know the kind.
    return false;
  }
}

/** Starts a worker that imports `bootUrl`, with the environment of this thread, and not a copy of it as it is now. */
export function spawnWorker(
  bootUrl: string,
  runtimeUrl: string,
  data: unknown,
  options: SpawnOptions,
  execArgv?: string[],
): WorkerHandle {
  const worker = new Worker(bootstrap(bootUrl, runtimeUrl), {
    workerData: data,
    env: SHARE_ENV,
    ...(execArgv === undefined ? {} : { execArgv }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    ...(options.transfer === undefined ? {} : { transferList: options.transfer as never }),
  });
  // Without a listener an error would be thrown in this thread.
  worker.on("error", (error) => options.onError?.(error));
  if (options.onMessage !== undefined) worker.on("message", options.onMessage);
  if (options.onExit !== undefined) worker.on("exit", options.onExit);
  return {
    threadId: worker.threadId,
    post: (message, transfer) => worker.postMessage(message, transfer as never),
    terminate: () => worker.terminate(),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
  };
}

/** Returns the data that this worker was started with. */
export function workerData(): unknown {
  return inWorker ? dataOfWorker : null;
}

/** Sends a message to the thread that made this worker. */
export function postToParent(message: unknown, transfer?: readonly Transferable[]): void {
  if (parentPort === null) throw new TypeError("Cannot post to the parent: this is no worker");
  parentPort.postMessage(message, transfer as never);
}

/** Calls `listener` with each message from the thread that made this worker. */
export function onParentMessage(listener: (message: unknown) => void): Refable {
  const port = parentPort;
  if (port === null) throw new TypeError("Cannot listen to the parent: this is no worker");
  const early = (globalThis as { [name: symbol]: unknown })[Symbol.for(EARLY)] as
    | { messages: unknown[]; listener: (message: unknown) => void }
    | undefined;
  if (early !== undefined) {
    port.off("message", early.listener);
    for (const message of early.messages.splice(0)) queueMicrotask(() => listener(message));
  }
  port.on("message", listener);
  return { ref: () => port.ref(), unref: () => port.unref() };
}

/** Takes the next message from a port without waiting. */
export function receiveMessageSync(port: MessagePort): { message: unknown } | null {
  return receiveMessageOnPort(port as never) ?? null;
}

/** Calls `listener` with each message that comes from a port, and `onClose` when its other end is gone. */
export function onPortMessage(
  port: MessagePort,
  listener: (message: unknown) => void,
  onClose: () => void,
): void {
  const events = port as unknown as {
    on(event: string, listener: (message: unknown) => void): void;
  };
  events.on("message", listener);
  events.on("close", onClose);
}

/** Returns two connected ports. */
export function createChannel(): { port1: MessagePort; port2: MessagePort } {
  const { port1, port2 } = new NodeMessageChannel();
  return { port1: port1 as never, port2: port2 as never };
}
