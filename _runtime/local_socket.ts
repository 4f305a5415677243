/**
 * Connections between processes of one machine and one user: Unix sockets, and TCP on the loopback interface on Windows.
 *
 * An address is a string: `unix:` and a path, or `tcp:`, a port and a key. The folder of a Unix socket is open to its user
 * alone. A TCP connection begins with the key, which travels to the child in its environment.
 *
 * @module
 */

import { mkdtempSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { type BareDeno, bareDeno } from "./bare.ts";
import { followOnDeno } from "./child_socket.ts";

/** One end of a connection. */
export interface LocalSocket {
  /** Sends bytes, after those that were sent before. */
  send(bytes: Uint8Array): void;
  /** Resolves when all that was sent is with the operating system. */
  flush(): Promise<void>;
  /** Closes the connection at once. */
  close(): void;
}

/** What is told of a connection. */
export interface SocketEvents {
  /** Some bytes have come. */
  onData(bytes: Uint8Array): void;
  /** The other end is gone, or this one was closed; called once. */
  onClose(): void;
}

/** A place where connections arrive. */
export interface LocalListener {
  /** The address to connect to. */
  readonly address: string;
  /** Takes no more connections, and removes the socket. */
  close(): void;
}

/** The longest folder below which a Unix socket can be on every system. */
const LONGEST_FOLDER = 70;

/** Listens at an address that nobody else has; `accept` gives the events of each connection. */
export async function listenLocal(
  accept: (socket: LocalSocket) => SocketEvents,
): Promise<LocalListener> {
  if (process.platform === "win32") return await listenTcp(accept);
  const folder = makeFolder();
  const path = join(folder, "s");
  try {
    const deno = bareDeno();
    const stop = deno === null
      ? await listenOnNode(path, accept)
      : listenOnDeno(deno, path, accept);
    let open = true;
    return {
      address: `unix:${path}`,
      close() {
        if (!open) return;
        open = false;
        stop();
        removeAddress(`unix:${path}`);
      },
    };
  } catch (error) {
    removeAddress(`unix:${path}`);
    throw error;
  }
}

/** Connects to an address. */
export function connectLocal(address: string, events: SocketEvents): Promise<LocalSocket> {
  const socket = address.startsWith("unix:")
    ? connect({ path: address.slice(5) })
    : connect({ host: "127.0.0.1", port: Number(address.slice(4)) });
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(follow(socket, () => events));
    });
  });
}

/** Removes the socket of an address when its listener is gone and nobody else will. */
export function removeAddress(address: string): void {
  if (!address.startsWith("unix:")) return;
  const path = address.slice(5);
  attempt(() => unlinkSync(path));
  attempt(() => rmdirSync(dirname(path)));
}

function follow(socket: Socket, accept: (socket: LocalSocket) => SocketEvents): LocalSocket {
  let sent: Promise<unknown> = Promise.resolve();
  const local: LocalSocket = {
    send(bytes) {
      sent = new Promise((resolve) => socket.write(bytes, resolve));
    },
    flush: async () => void await sent,
    close: () => void socket.destroy(),
  };
  const events = accept(local);
  socket.on("data", (bytes) => events.onData(bytes as Uint8Array));
  // A connection that breaks is closed; there is nothing else to know about it.
  socket.on("error", () => {});
  socket.on("end", () => void socket.destroy());
  socket.on("close", () => events.onClose());
  return local;
}

/** Whether what others have left behind was removed. */
let swept = false;

/** Removes the folders of processes that were killed before they could. */
function sweep(folder: string): void {
  if (swept) return;
  swept = true;
  attempt(() => {
    for (const name of readdirSync(folder)) {
      const pid = Number(/^nogil-(\d+)-\w{6}$/.exec(name)?.[1] ?? 0);
      if (pid > 0 && isGone(pid)) removeAddress(`unix:${join(folder, name, "s")}`);
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

function makeFolder(): string {
  const parent = temporaryFolder();
  sweep(parent);
  return mkdtempSync(join(parent, `nogil-${process.pid}-`));
}

/** Listens at a path, and gives what ends that. */
function listenOnNode(
  path: string,
  accept: (socket: LocalSocket) => SocketEvents,
): Promise<() => void> {
  const server = createServer((socket) => void follow(socket, accept));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve(() => void server.close()));
  });
}

/**
 * Does the same on Deno, whose `node:net` gives the socket to all children: it would stay open when this process is gone,
 * and they would wait for ever for somebody to take their connections.
 */
function listenOnDeno(
  deno: BareDeno,
  path: string,
  accept: (socket: LocalSocket) => SocketEvents,
): () => void {
  const listener = deno.listen({ transport: "unix", path });
  void (async () => {
    for (;;) followOnDeno(await listener.accept(), accept);
  })().catch(() => {
    // It is closed, or will never take a connection again: those who wait are turned away.
    stop();
  });
  let open = true;
  const stop = (): void => {
    if (!open) return;
    open = false;
    listener.close();
  };
  return stop;
}

function listenTcp(accept: (socket: LocalSocket) => SocketEvents): Promise<LocalListener> {
  const server = createServer((socket) => void follow(socket, accept));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      resolve({ address: `tcp:${port}`, close: () => void server.close() });
    });
  });
}

function temporaryFolder(): string {
  try {
    const folder = tmpdir();
    if (folder.length <= LONGEST_FOLDER) return folder;
  } catch {
    // This process may not see its environment.
  }
  return "/tmp";
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // It is gone already.
  }
}
