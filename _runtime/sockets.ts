/**
 * Sockets, and what proves that somebody knows a key. Loaded by the worker that owns the sockets, and by nobody else.
 *
 * @module
 */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import process from "node:process";
import { AlreadyExistsError, NotFoundError } from "../errors.ts";
import { type BareDeno, bareDeno, type BareListener } from "./bare.ts";
import { DenoNetSocket } from "./deno_net_socket.ts";

/** Where a listener listens: a path, or a host and a port. */
export type NetAddress = string | [host: string, port: number];

/** What is told of a socket. */
export interface SocketEvents {
  /** Some bytes have come. */
  onData(bytes: Uint8Array): void;
  /** The other side sends no more. */
  onEnd(): void;
  /** The socket is closed; called once, the last of all. */
  onClose(): void;
}

/** A socket. */
export interface NetSocket {
  /** Where the other side is; a Unix socket has no address. */
  readonly remote: [host: string, port: number] | null;
  /** Whether something that was written is not with the operating system yet. */
  readonly isPending: boolean;
  /** Writes bytes; `false` if they pile up. */
  write(bytes: Uint8Array): boolean;
  /** Resolves when nothing piles up any more, or the socket is closed. */
  drained(): Promise<void>;
  /** Lets nothing more come in. */
  pause(): void;
  /** Lets it come in again. */
  resume(): void;
  /** Closes the socket when all is written and the other side has closed it, too, or some time has passed. */
  end(): void;
  /** Closes the socket at once. */
  destroy(): void;
}

/** A place where sockets come in. */
export interface NetServer {
  /** Where it is. */
  readonly address: NetAddress;
  /** Lets nobody in any more. */
  close(): void;
}

/** So long the other side may take to close a socket when it has got everything, in milliseconds. */
const GOODBYE = 2000;

/** So long nobody is let in when the system has no room for one more, in milliseconds. */
const TOO_MANY = 50;

const LISTEN = "listen at";
const CONNECT = "connect to";
/** The most bytes of the path of a Unix socket. Some versions of Node cut off what is more. */
const LONGEST_PATH = process.platform === "darwin" ? 103 : 107;

/** Listens; `accept` gives the events of each socket. */
export function listenAt(
  address: NetAddress,
  backlog: number,
  accept: (socket: NetSocket) => SocketEvents,
): Promise<NetServer> {
  const refused = refusalOf(address, LISTEN);
  if (refused !== null) return Promise.reject(refused);
  const deno = bareDeno();
  if (deno !== null && typeof address === "string") {
    return new Promise((resolve) => resolve(listenOnDeno(deno, address, accept)));
  }
  const server = createServer({ allowHalfOpen: true }, (socket) => void follow(socket, accept));
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(describe(error, LISTEN, address)));
    server.listen({ ...target(address), backlog }, () => {
      const actual = server.address();
      resolve({
        address: typeof actual === "object" && actual !== null
          ? [actual.address, actual.port]
          : address,
        close: () => void server.close(),
      });
    });
  });
}

/**
 * Listens at a path on Deno, whose `node:net` gives the socket to all children of the program: when the program is gone,
 * clients would wait for ever for somebody to take their connections.
 */
function listenOnDeno(
  deno: BareDeno,
  path: string,
  accept: (socket: NetSocket) => SocketEvents,
): NetServer {
  let listener: BareListener;
  try {
    listener = deno.listen({ transport: "unix", path });
  } catch (error) {
    throw describe(error as Error, LISTEN, path);
  }
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    listener.close();
  };
  void (async () => {
    while (open) {
      try {
        const socket = new DenoNetSocket(await listener.accept(), GOODBYE);
        void socket.follow(accept(socket));
      } catch {
        // It is closed, or too many files are open: whoever connects waits until there are fewer.
        await new Promise((resolve) => setTimeout(resolve, TOO_MANY));
      }
    }
  })();
  return { address: path, close };
}

/** Connects. */
export function connectTo(
  address: NetAddress,
  accept: (socket: NetSocket) => SocketEvents,
): Promise<NetSocket> {
  const refused = refusalOf(address, CONNECT);
  if (refused !== null) return Promise.reject(refused);
  const socket = connect({ ...target(address), allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(describe(error, CONNECT, address));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail);
      resolve(follow(socket, accept));
    });
  });
}

/** Refuses a path that is too long for a Unix socket. */
function refusalOf(address: NetAddress, what: string): RangeError | null {
  if (typeof address !== "string" || process.platform === "win32") return null;
  const { length } = new TextEncoder().encode(address);
  if (length <= LONGEST_PATH) return null;
  return new RangeError(
    `Cannot ${what} ${address}: the path of a Unix socket has at most ${LONGEST_PATH} bytes, this one has ${length}`,
  );
}

function target(address: NetAddress): { path: string } | { host: string; port: number } {
  return typeof address === "string" ? { path: address } : { host: address[0], port: address[1] };
}

function follow(socket: Socket, accept: (socket: NetSocket) => SocketEvents): NetSocket {
  const { remoteAddress, remotePort } = socket;
  let closed = false;
  let wake: (() => void)[] = [];
  const wakeAll = (): void => {
    const waiting = wake;
    wake = [];
    for (const resolve of waiting) resolve();
  };
  const net: NetSocket = {
    remote: remoteAddress === undefined || remotePort === undefined
      ? null
      : [remoteAddress, remotePort],
    get isPending() {
      return !closed && socket.writableLength > 0;
    },
    write: (bytes) => !closed && socket.write(bytes),
    drained: () =>
      new Promise((resolve) => {
        if (closed || !socket.writableNeedDrain) resolve();
        else wake.push(resolve);
      }),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end() {
      socket.resume();
      // However slow the other side is: what was written is not lost.
      socket.end(() => {
        const timer = setTimeout(() => socket.destroy(), GOODBYE);
        socket.once("close", () => clearTimeout(timer));
      });
    },
    destroy: () => void socket.destroy(),
  };
  if (remoteAddress !== undefined) socket.setNoDelay(true);
  const events = accept(net);
  socket.on("data", (bytes) => events.onData(bytes as Uint8Array));
  socket.on("end", () => events.onEnd());
  socket.on("drain", wakeAll);
  // A socket that breaks is closed; there is nothing else to know about it.
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
    wakeAll();
    events.onClose();
  });
  return net;
}

function describe(error: Error, what: string, address: NetAddress): Error {
  const place = typeof address === "string" ? address : address.join(":");
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE") {
    return new AlreadyExistsError(`Cannot ${what} ${place}: the address is in use`, {
      cause: error,
    });
  }
  if (what === LISTEN && typeof address === "string" && !existsSync(dirname(address))) {
    return new NotFoundError(`Cannot ${what} ${place}: its folder does not exist`, {
      cause: error,
    });
  }
  if (code === "ECONNREFUSED" || code === "ENOENT") {
    return new NotFoundError(`Cannot ${what} ${place}: nobody listens there`, { cause: error });
  }
  return new Error(`Cannot ${what} ${place}: ${error.message}`, { cause: error });
}

/** Gives bytes that nobody can guess. */
export function randomNonce(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

/** Proves that somebody knows a key. */
export function proof(key: Uint8Array, role: string, ...nonces: Uint8Array[]): Uint8Array {
  const mac = createHmac("sha256", key).update(role);
  for (const nonce of nonces) mac.update(nonce);
  return new Uint8Array(mac.digest());
}

/** Compares two proofs in a time that tells nothing. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
