import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import {
  AlreadyExistsError,
  AuthenticationError,
  BrokenPipeError,
  EndOfFileError,
  InvalidStateError,
  NotFoundError,
  TimeoutError,
  UnshareableError,
} from "../../errors.ts";
import { agentOf } from "../../_core/agent.ts";
import { encode } from "../../_core/codec.ts";
import {
  type Address,
  Client,
  ClientSync,
  type Connection,
  Listener,
  type ListenerOptions,
  Pipe,
  Process,
} from "../../process/mod.ts";
import { wait } from "../../pool/mod.ts";
import { Lock } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { until } from "../conformance/support.ts";
import * as tasks from "./listener_tasks.ts";

/** Makes a listener and both ends of a connection to it. */
async function connected(
  options: ListenerOptions = {},
): Promise<[Listener, Connection, Connection]> {
  const listener = new Listener(options);
  const { authkey, maxBytes } = options;
  const client = await Client(listener.address, {
    ...(authkey === undefined ? {} : { authkey }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  return [listener, await listener.accept(), client];
}

function closeAll(...closable: { close(): void }[]): void {
  for (const one of closable) one.close();
}

for (const family of ["AF_UNIX", "AF_INET"] as const) {
  Deno.test(`Listener and Client talk over ${family}, blocking and not`, async () => {
    const listener = new Listener({ family });
    const client = ClientSync(listener.address);
    const server = listener.acceptSync();
    const messages = [
      1,
      "text",
      null,
      { a: [new Date(5), new Map([[1, 2n]])] },
      "\0",
    ];
    for (const message of messages) client.sendSync(message);
    for (const message of messages) assertEquals(server.recvSync(), message);
    for (const message of messages) await server.send(message);
    for (const message of messages) assertEquals(await client.recv(), message);
    client.sendSync(new RangeError("an error"));
    const error = server.recvSync();
    assert(error instanceof RangeError && error.message === "an error");
    await client.sendBytes(new Uint8Array([1, 2, 3]), { offset: 1 });
    await client.sendBytes(new Uint8Array(0));
    assertEquals(await server.recvBytes(), new Uint8Array([2, 3]));
    assertEquals(await server.recv(), new Uint8Array(0));
    if (family === "AF_INET") {
      const [host, port] = listener.address as [string, number];
      assert(host === "127.0.0.1" && port > 0);
      assertEquals((listener.lastAccepted as [string, number])[0], "127.0.0.1");
    } else {
      assertMatch(listener.address as string, /nogil-\d+-\w{6}\/s$/);
      assertEquals(listener.lastAccepted, null);
    }
    const large = new Uint8Array(16 * 1024 * 1024).fill(5);
    const sending = client.sendBytes(large);
    const received = await server.recvBytes();
    assert(received.length === large.length && received.every((byte) => byte === 5));
    await sending;
    closeAll(client, server, listener);
  });
}

Deno.test("Listener without an address leaves nothing behind", () => {
  const listener = new Listener();
  const path = listener.address as string;
  assert(existsSync(path));
  assertMatch(String(listener), /^<Listener .*\/s>$/);
  listener.close();
  assert(!existsSync(dirname(path)));
  listener.close();
  assertMatch(String(listener), /closed>$/);
  assertThrows(() => listener.acceptSync(), InvalidStateError, "closed");
  assertThrows(() => ClientSync(path), NotFoundError, "nobody listens there");
});

Deno.test("Client() gives back what listeners refuse", async () => {
  await assertRejects(() => Client(["127.0.0.1", 1]), NotFoundError);
  const listener = new Listener();
  assertThrows(() => new Listener({ address: listener.address }), AlreadyExistsError, "in use");
  listener.close();
});

Deno.test("both sides have to know the key, and prove it", async () => {
  const listener = new Listener({ authkey: "right" });
  for (const authkey of ["wrong", "", undefined]) {
    const client = Client(listener.address, authkey === undefined ? {} : { authkey });
    await assertRejects(() => client, AuthenticationError);
    await assertRejects(() => listener.accept(), AuthenticationError, "does not know the key");
  }
  const client = await Client(listener.address, { authkey: new TextEncoder().encode("right") });
  const server = await listener.accept();
  await client.send("in");
  assertEquals(await server.recv(), "in");
  closeAll(listener, client, server);

  const open = new Listener();
  await assertRejects(() => Client(open.address, { authkey: "any" }), AuthenticationError);
  assertThrows(() => open.acceptSync(), AuthenticationError);
  open.close();

  const [listener2, server2, client2] = await connected({ authkey: "" });
  closeAll(listener2, server2, client2);
});

Deno.test("a listener that does not know the key is found out", async () => {
  // It lets everybody in: it says yes, and proves nothing.
  const { createServer } = await import("node:net");
  const liar = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(new Uint8Array([0x4e, 0x4f, 0x47, 0x49, 0x4c, 1, 1, ...new Array(32).fill(0)]));
    socket.once("data", () => socket.write(new Uint8Array([1, ...new Array(32).fill(0)])));
  });
  const port = await new Promise<number>((resolve) =>
    liar.listen(0, "127.0.0.1", () => resolve((liar.address() as { port: number }).port))
  );
  const error = await Client(["127.0.0.1", port], { authkey: "key" }).catch((error) => error);
  assertInstanceOf(error, AuthenticationError);
  await new Promise((resolve) => liar.close(resolve));
});

Deno.test("what a client sends before it is accepted is not lost, though it is gone", async () => {
  const listener = new Listener({ authkey: "key" });
  const child = new Process({ target: tasks.sayHello, args: [listener.address, "key"] }).start();
  await child.join();
  const server = await listener.accept<string>();
  assertEquals(await server.recv(), "hello");
  await assertRejects(() => server.recv(), EndOfFileError);
  assertThrows(() => server.sendSync("anybody there?"), BrokenPipeError);
  closeAll(server, listener);
});

Deno.test("a process that is killed ends its connections", async () => {
  const listener = new Listener();
  const child = new Process({ target: tasks.connectAndHang, args: [listener.address] }).start();
  const server = await listener.accept<string>();
  assertEquals(server.recvSync(), "ready");
  child.kill();
  assertThrows(() => server.recvSync(), EndOfFileError);
  await child.join().catch(() => {});
  closeAll(server, listener);
});

Deno.test("a listener lives in another process, and its socket goes with it", async () => {
  const [told, tell] = Pipe<Address>();
  const child = new Process({ target: tasks.serve, args: [tell, undefined] }).start();
  tell.close();
  const address = told.recvSync() as string;
  const client = ClientSync<number>(address);
  for (let i = 0; i < 200; i++) {
    client.sendSync(i);
    assertEquals(client.recvSync(), i);
  }
  client.close();
  assertEquals(await child.join(), 200);
  assert(!existsSync(dirname(address)));
  told.close();
});

Deno.test("what a killed process has left of its listener is removed by the next one", async () => {
  // In a folder of its own: else the next one may be another program that is tested at the same time.
  const folder = mkdtempSync(join(tmpdir(), "test-"));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const [told, tell] = Pipe<Address>();
    const child = new Process({ target: tasks.listenAndHang, args: [tell] }).start();
    tell.close();
    const path = await told.recv() as string;
    child.kill();
    await child.join().catch(() => {});
    assert(existsSync(path));
    new Listener().close();
    assert(!existsSync(dirname(path)));
    told.close();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("Listener.accept() waits no longer than it should", async () => {
  const listener = new Listener();
  await assertRejects(() => listener.accept({ timeout: 10 }), TimeoutError, "none came for 10 ms");
  assertThrows(() => listener.acceptSync({ timeout: 10 }), TimeoutError);
  const reason = new Error("enough");
  await assertRejects(
    () => listener.accept({ signal: AbortSignal.abort(reason) }),
    Error,
    "enough",
  );
  const waiting = wait([listener], { timeout: 60_000 });
  const accepting = listener.accept();
  const client = await Client(listener.address);
  const server = await accepting;
  await Client(listener.address).then((client) => client.close());
  assert((await waiting).done.has(listener));
  const lost = assertRejects(
    () => listener.accept().then(() => listener.accept()),
    InvalidStateError,
  );
  await until(() => !listener.closed && true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  listener.close();
  await lost;
  closeAll(client, server);
});

if (process.platform === "linux") {
  Deno.test("Listener keeps its socket from the programs that this one starts", () => {
    const listener = new Listener();
    const path = listener.address as string;
    const inode = readFileSync("/proc/net/unix", "utf8").split("\n")
      .find((line) => line.endsWith(` ${path}`))?.trim().split(/ +/)[6];
    assertMatch(inode ?? "", /^\d+$/);
    const { stdout } = spawnSync("ls", ["-l", "/proc/self/fd"], { encoding: "utf8" });
    assertMatch(stdout, /0 -> /);
    assert(!stdout.includes(`socket:[${inode}]`), stdout);
    listener.close();
  });

  Deno.test("Listener finds another folder when there is none for temporary files", () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = "/nowhere";
    try {
      const listener = new Listener();
      assertMatch(listener.address as string, /^\/tmp\/nogil-/);
      listener.close();
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
}

Deno.test("connections that nobody accepts end with the listener", async () => {
  const listener = new Listener();
  const client = await Client(listener.address);
  listener.close();
  await assertRejects(() => client.recv(), EndOfFileError);
  client.close();
});

Deno.test("a listener turns away more than may wait", async () => {
  const listener = new Listener({ backlog: 2 });
  const clients: Connection[] = [];
  let refusal: unknown = null;
  // One that has just been let in may not count yet.
  while (refusal === null && clients.length < 10) {
    await Client(listener.address).then(
      (client) => clients.push(client),
      (error) => refusal = error,
    );
  }
  assertInstanceOf(refusal, EndOfFileError);
  assert(clients.length >= 2);
  const servers = clients.map(() => listener.acceptSync({ timeout: 60_000 }));
  clients.push(await Client(listener.address));
  closeAll(listener, ...clients, ...servers);
});

Deno.test("a connection over a socket is plain data in both directions", async () => {
  const [listener, server, client] = await connected();
  for (
    const value of [() => 1, { a: [new Lock()] }, tasks.serve, new SharedArrayBuffer(8)]
  ) assertThrows(() => client.sendSync(value), UnshareableError);
  assertThrows(() => encode(client, "process"), UnshareableError, "belongs to its process");
  client.sendSync(new Uint8Array([0xbe, 0xbe]));
  assertEquals(server.recvSync(), new Uint8Array([0xbe, 0xbe]));
  closeAll(listener, server, client);
});

Deno.test("a connection over a socket can be given to another thread", async () => {
  const [listener, server, client] = await connected();
  const thread = new Thread({
    target: tasks.answer,
    args: [server as Connection<string>],
  }).start();
  server.close();
  client.sendSync("hello");
  assertEquals(client.recvSync(), "you said hello");
  await thread.join();
  await assertRejects(() => client.recv(), EndOfFileError);
  closeAll(listener, client);
});

Deno.test("messages have a limit in either direction", async () => {
  const listener = new Listener({ maxBytes: 1000 });
  const client = await Client(listener.address);
  const server = await listener.accept();
  assertThrows(() => server.sendBytesSync(new Uint8Array(1001)), RangeError, "'maxBytes'");
  await client.sendBytes(new Uint8Array(1000));
  await client.sendBytes(new Uint8Array(1001));
  assertEquals((await server.recvBytes()).length, 1000);
  await assertRejects(() => server.recv(), RangeError, "'maxBytes'");
  await assertRejects(() => server.recv(), EndOfFileError);
  await assertRejects(() => client.recv(), EndOfFileError);
  closeAll(listener, server, client);
});

/** Connects without the library, and does the handshake of a listener that has no key. */
async function rawClient(address: Address): Promise<Socket> {
  const socket = connect({ path: address as string });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("data", resolve));
  const hello = [0x4e, 0x4f, 0x47, 0x49, 0x4c, 1, 0, ...new Array(64).fill(0)];
  socket.write(new Uint8Array(hello));
  await new Promise((resolve) => socket.once("data", resolve));
  socket.write(new Uint8Array([1]));
  return socket;
}

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

Deno.test("a Listener survives whatever bytes come", async () => {
  const listener = new Listener();
  const next = random(12345);
  for (let round = 0; round < 60; round++) {
    const bytes = new Uint8Array(Math.floor(next() * 300)).map(() => next() * 256);
    if (round % 3 === 0) {
      // Before the handshake.
      const socket = connect({ path: listener.address as string });
      socket.on("error", () => {});
      socket.end(bytes);
      continue;
    }
    const socket = await rawClient(listener.address);
    const server = await listener.accept({ timeout: 60_000 });
    if (round % 3 === 1) {
      // A frame whose message is noise, with a header that is often right.
      const frame = new Uint8Array(bytes.length + 7);
      new DataView(frame.buffer).setUint32(0, bytes.length + 3, true);
      frame.set([0, next() < 0.8 ? 1 : 0x81], 4);
      frame.set(bytes, 6);
      socket.end(frame);
    } else socket.end(bytes);
    for (;;) {
      try {
        await server.recv({ timeout: 60_000 });
      } catch (error) {
        if (error instanceof EndOfFileError) break;
        assert(error instanceof TypeError || error instanceof RangeError, String(error));
      }
    }
    server.close();
    socket.destroy();
  }
  // A length that promises more than ever comes, and never gets memory.
  const socket = await rawClient(listener.address);
  const server = await listener.accept({ timeout: 60_000 });
  socket.write(new Uint8Array([0xff, 0xff, 0xff, 0x7f, 1]));
  await assertRejects(() => server.recv({ timeout: 60_000 }), RangeError);
  await assertRejects(() => server.recv({ timeout: 60_000 }), EndOfFileError);
  socket.destroy();
  server.close();
  const client = await Client(listener.address);
  const last = await listener.accept({ timeout: 60_000 });
  client.sendSync("still there");
  assertEquals(last.recvSync(), "still there");
  closeAll(listener, client, last);
});

/** How many sockets this process has open. */
function socketsOpen(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

Deno.test("closed connections leave no descriptor and no memory behind", async () => {
  const listener = new Listener({ authkey: "key" });
  const round = async (): Promise<void> => {
    const client = await Client(listener.address, { authkey: "key" });
    const server = await listener.accept();
    await client.send("text");
    assertEquals(await server.recv(), "text");
    server.close();
    await assertRejects(() => client.recv(), EndOfFileError);
    client.close();
  };
  await round();
  const pages = (): number => {
    let count = 0;
    agentOf("thread").arena.heap.forEachPage(() => count++);
    return count;
  };
  const before = pages();
  const sockets = socketsOpen();
  for (let i = 0; i < 50; i++) await round();
  await until(() => socketsOpen() <= sockets, "the sockets");
  await until(() => pages() <= before + 20, "the memory");
  listener.close();
});

Deno.test("Listener and Client refuse what makes no sense", async () => {
  for (
    const options of [
      { address: 5 },
      { address: ["host"] },
      { address: "" },
      { family: "AF_X" },
      { family: "AF_INET", address: "path" },
      { authkey: 5 },
      { backlog: "1" },
      { maxBytes: "1" },
    ]
  ) assertThrows(() => new Listener(options as never), TypeError);
  for (const options of [{ address: ["h", 70_000] }, { backlog: 0 }, { maxBytes: 0 }]) {
    assertThrows(() => new Listener(options as never), RangeError);
  }
  await assertRejects(() => Client(undefined as never), TypeError, "'address'");
  await assertRejects(() => Client("/x", { timeout: -1 }), RangeError);
  const left = (): string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`nogil-${process.pid}-`));
  await until(() => left().length === 0, `the end of ${left()}`);
});
