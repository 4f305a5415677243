import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectTo, listenAt, type NetSocket } from "../../_runtime/sockets.ts";
import { NotFoundError } from "../../errors.ts";
import { SocketLine } from "../../process/socket_line.ts";

interface Accepts {
  accept(): Promise<unknown>;
}

const NO_EVENTS = { onData() {}, onEnd() {}, onClose() {} };

Deno.test("what was written before the end of a socket arrives, however late the other side reads", async () => {
  const folder = mkdtempSync(join(tmpdir(), "test-"));
  try {
    const path = join(folder, "s");
    let open: (socket: NetSocket) => void = () => {};
    const opened = new Promise<NetSocket>((resolve) => open = resolve);
    const server = await listenAt(path, 1, (socket) => {
      open(socket);
      return NO_EVENTS;
    });
    const peer = connect({ path });
    peer.pause();
    const socket = await opened;
    socket.write(new Uint8Array(1 << 20));
    socket.end();
    // Longer than a socket waits for the other side when all is written.
    await new Promise((resolve) => setTimeout(resolve, 2300));
    let received = 0;
    peer.on("data", (bytes) => received += bytes.length);
    await new Promise<void>((resolve) => {
      peer.on("end", () => peer.end());
      peer.on("close", () => resolve());
      peer.resume();
    });
    assertEquals(received, 1 << 20);
    server.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("listenAt() goes on when the system has had no room for a connection", async () => {
  const { Deno: deno } = globalThis as { Deno?: { listen?(target: object): Accepts } };
  const listen = deno?.listen;
  let isRefused = false;
  if (deno !== undefined && listen !== undefined) {
    deno.listen = (target) => {
      const listener = listen(target);
      const accept = listener.accept.bind(listener);
      listener.accept = () => {
        if (isRefused) return accept();
        isRefused = true;
        return Promise.reject(new Error("Too many open files"));
      };
      return listener;
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "test-"));
  try {
    const path = join(folder, "s");
    let open: () => void = () => {};
    const opened = new Promise<void>((resolve) => open = resolve);
    const server = await listenAt(path, 1, (socket) => {
      open();
      socket.destroy();
      return NO_EVENTS;
    });
    const peer = connect({ path }).resume();
    const closed = new Promise<void>((resolve) => peer.on("close", () => resolve()));
    await Promise.race([opened, closed.then(() => Promise.reject(new Error("Turned away")))]);
    await closed;
    server.close();
    assertEquals(isRefused, listen !== undefined);
  } finally {
    if (deno !== undefined && listen !== undefined) deno.listen = listen;
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("listenAt() says what is wrong with a path", async () => {
  await assertRejects(
    () => listenAt("/no/such/folder/s", 1, () => NO_EVENTS),
    NotFoundError,
    "folder",
  );
  const long = join(tmpdir(), "x".repeat(200));
  await assertRejects(() => listenAt(long, 1, () => NO_EVENTS), RangeError, "at most");
  await assertRejects(() => connectTo(long, () => NO_EVENTS), RangeError, "at most");
});

/** A socket that goes nowhere, and notes what is asked of it. */
class NoSocket implements NetSocket {
  readonly remote = null;
  readonly isPending = false;
  paused = false;
  write = (): boolean => true;
  drained = (): Promise<void> => Promise.resolve();
  pause = (): void => void (this.paused = true);
  resume = (): void => void (this.paused = false);
  end = (): void => this.resume();
  destroy = (): void => {};
}

Deno.test("who has not shaken hands cannot fill the memory", () => {
  const socket = new NoSocket();
  const line = new SocketLine(socket, 1000, () => {});
  const { handshake } = line;
  for (let i = 0; i < 100 && !socket.paused; i++) line.onData(new Uint8Array(10_000));
  assert(socket.paused);
  const { length } = handshake;
  assert(length > 0 && length <= 100_000, `${length} bytes`);
  line.giveUp();
  line.onData(new Uint8Array(10_000));
  assertEquals(handshake.length, length);
  line.onEnd();
  line.onClose();
});
