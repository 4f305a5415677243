import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import processes from "node:child_process";
import events from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import files from "node:fs/promises";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { PassThrough } from "node:stream";
import timers from "node:timers/promises";
import { promisify } from "node:util";
import {
  gather,
  type Greenlet,
  hub,
  joinAll,
  monkey,
  sleep,
  spawn,
  Timeout,
} from "../../coroutine/mod.ts";
import { GreenletExit, NotFoundError, TimeoutError } from "../../errors.ts";
import { settle } from "../conformance/asyncio_support.ts";
import { turn, until } from "../conformance/support.ts";
import { type LocalServer, startServer } from "./local_server.ts";

const FOREVER = 1_000_000;

/** What greenlets wait for that the hub knows. */
function waits(): Record<string, number> {
  const { "a promise": _, ...rest } = hub.statistics().waits;
  return rest;
}

/** Runs a test with everything patched. */
function patched(name: string, fn: () => Promise<void>): void {
  Deno.test(name, async () => {
    monkey.patchAll();
    try {
      await fn();
    } finally {
      monkey.unpatch();
    }
  });
}

/** Runs a test with everything patched and a server. */
function served(name: string, fn: (server: LocalServer) => Promise<void>): void {
  patched(name, async () => {
    const server = await startServer();
    try {
      await fn(server);
    } finally {
      await server.close();
    }
  });
}

/** Starts a greenlet, and waits until it waits for something. To return it alone would be to await it. */
async function spawnUntil(what: string, fn: () => unknown): Promise<[Greenlet<unknown>]> {
  const greenlet = spawn(fn) as Greenlet<unknown>;
  const isThere = (): boolean => Object.keys(waits()).some((one) => one.includes(what));
  await until(isThere, what);
  return [greenlet];
}

/** Kills a greenlet, and asserts that its code got the error there where it waited. */
async function assertKilled(what: string, fn: () => unknown): Promise<void> {
  const seen: unknown[] = [];
  const [greenlet] = await spawnUntil(what, async () => {
    try {
      await fn();
    } catch (error) {
      seen.push(error);
      throw error;
    }
  });
  await greenlet.kill(null, { grace: 20_000 });
  assertInstanceOf(seen[0], GreenletExit);
  assertEquals(waits(), {});
}

/** The same for a wait that may be over soon: the greenlet kills itself while it waits. */
async function assertKilledAtOnce(what: string, fn: () => Promise<unknown>): Promise<void> {
  let waited: string[] = [];
  const greenlet: Greenlet<unknown> = spawn(async () => {
    const promise = fn();
    waited = Object.keys(waits());
    void greenlet.kill();
    return await assertRejects(() => promise, GreenletExit);
  });
  assertInstanceOf(await greenlet, GreenletExit);
  assertEquals(waited.map((one) => one.includes(what)), [true]);
}

/** What can be patched, as it is now. */
function present(): unknown[] {
  const of = (object: object, key: PropertyKey): unknown[] =>
    Object.entries(Object.getOwnPropertyDescriptor(object, key) ?? {});
  return [
    of(globalThis, "fetch"),
    of(globalThis, "setTimeout"),
    of(globalThis, "clearTimeout"),
    of(Response.prototype, "text"),
    of(files, "readFile"),
    of(files, "stat"),
    of(timers, "setTimeout"),
    of(events, "once"),
    of(net.Socket.prototype, "connect"),
    of(net.Socket.prototype, Symbol.asyncIterator),
  ];
}

Deno.test("monkey is off by default; patchAll() patches, and unpatch() puts everything back", () => {
  const before = present();
  assertEquals(monkey.isPatched(), false);
  monkey.patchAll();
  const patched = present();
  patched.forEach((one, i) =>
    assert(JSON.stringify(one) !== JSON.stringify(before[i]) || one !== before[i])
  );
  assertEquals([monkey.isPatched(), monkey.isPatched("fetch")], [true, true]);
  monkey.patchAll();
  monkey.patch({ fetch: true });
  assertEquals(present(), patched);
  monkey.unpatch();
  assertEquals([present(), monkey.isPatched()], [before, false]);
  monkey.unpatch();
  assertEquals(present(), before);
});

Deno.test("V101 monkey.patch() patches what it is told, and adds", () => {
  const { fetch } = globalThis;
  monkey.patch({ timers: true, files: false });
  assertEquals(
    [globalThis.fetch === fetch, monkey.isPatched("timers"), monkey.isPatched("files")],
    [
      true,
      true,
      false,
    ],
  );
  monkey.patchAll({ timers: false, net: false });
  assertEquals([monkey.isPatched("timers"), monkey.isPatched("net")], [true, false]);
  assert(globalThis.fetch !== fetch);
  monkey.unpatch({ fetch: true, timers: false });
  assertEquals([globalThis.fetch === fetch, monkey.isPatched("timers")], [true, true]);
  monkey.unpatch();
});

Deno.test("monkey checks its arguments", () => {
  for (const wrong of [null, 1, "fetch"]) {
    assertThrows(() => monkey.patch(wrong as never), TypeError, "options must be an object");
    assertThrows(() => monkey.patchAll(wrong as never), TypeError, "options must be an object");
    assertThrows(() => monkey.unpatch(wrong as never), TypeError, "options must be an object");
  }
  assertThrows(() => monkey.patch({ fetch: 1 as never }), TypeError, "'fetch' must be a boolean");
  monkey.patch({ other: true } as never);
  assertEquals(monkey.isPatched(), false);
});

Deno.test("V100 monkey.getOriginal() gives what was there, patched or not", () => {
  const { fetch } = globalThis;
  const { readFile } = files;
  const check = (): void => {
    assertStrictEquals(monkey.getOriginal(globalThis.fetch), fetch);
    assertStrictEquals(monkey.getOriginal("globalThis", "fetch"), fetch as never);
    assertStrictEquals(monkey.getOriginal("node:fs/promises", "readFile"), readFile as never);
  };
  check();
  monkey.patchAll();
  monkey.patchAll();
  check();
  monkey.unpatch();
  check();
  assertThrows(() => monkey.getOriginal("globalThis", "eval"), NotFoundError, "'eval'");
  const own = (): number => 1;
  assertStrictEquals(monkey.getOriginal(own), own);
});

Deno.test("monkey.unpatch() leaves what somebody has put over it", async () => {
  const { fetch } = globalThis;
  monkey.patch({ fetch: true });
  const ours = globalThis.fetch;
  const theirs = ((...args: Parameters<typeof fetch>) => ours(...args)) as typeof fetch;
  globalThis.fetch = theirs;
  const server = await startServer();
  try {
    monkey.unpatch();
    assertStrictEquals(globalThis.fetch, theirs);
    assertEquals(await spawn(async () => (await theirs(server.url)).text()), "hello /");
    monkey.patch({ fetch: true });
    await assertKilled("fetch GET", () => globalThis.fetch(`${server.url}/never`));
    monkey.unpatch();
    assertStrictEquals(globalThis.fetch, theirs);
  } finally {
    globalThis.fetch = fetch;
    await server.close();
  }
});

served("patched functions do outside of greenlets what the originals do", async ({ url }) => {
  const response = await fetch(`${url}/a`);
  assertEquals([await response.text(), response.status], ["hello /a", 200]);
  assertEquals(await new Promise((resolve) => setTimeout(resolve, 1, "value")), "value");
  assertEquals(await timers.setTimeout(1, "value"), "value");
  assertEquals(await promisify(setTimeout)(1, "value"), "value");
  assertEquals([setTimeout.length >= 1, fetch.name], [true, "fetch"]);
  await assertRejects(() => files.readFile("/no/such/file"));
  const signal = AbortSignal.abort(new Error("mine"));
  await assertRejects(() => fetch(url, { signal }), Error, "mine");
  const handle = setTimeout(() => {}, FOREVER);
  clearTimeout(handle);
});

served("fetch in a greenlet gives what it gives", async ({ url }) => {
  const text = spawn(async () => {
    const response = await fetch(new Request(`${url}/b`, { method: "POST", body: "x" }));
    return [await response.text(), response.status];
  });
  assertEquals(await text, ["hello /b", 200]);
  const bytes = spawn(function* () {
    const response: Response = yield fetch(`${url}/size/70000`);
    const buffer: ArrayBuffer = yield response.arrayBuffer();
    return buffer.byteLength;
  });
  assertEquals(await bytes, 70_000);
  const pieces = spawn(async () => {
    let size = 0;
    for await (const piece of (await fetch(`${url}/size/70000`)).body ?? []) size += piece.length;
    return size;
  });
  assertEquals(await pieces, 70_000);
  const signal = AbortSignal.timeout(20);
  const aborted = spawn(async () => await fetch(`${url}/never`, { signal }));
  const error = await assertRejects(() => aborted.get()) as Error;
  assertEquals(error.name, "TimeoutError");
  await assertRejects(() => spawn(() => fetch("http://127.0.0.1:1/")).get(), TypeError);
});

served("fetch in a greenlet that is killed is aborted", async (server) => {
  const greenlet = spawn(() => fetch(`${server.url}/never`));
  await until(() => server.asked.length === 1, "the request");
  assertEquals(waits(), { [`fetch GET ${server.url}/never`]: 1 });
  await greenlet.kill();
  await until(() => server.givenUp.join() === "/never", "the end of the request");
  await assertKilled("fetch GET", () => fetch(`${server.url}/never`));
});

served("fetch in a greenlet whose time is up is aborted", async (server) => {
  const greenlet = spawn(async () => {
    // As often as it takes for the request to reach the server in time.
    for (let limit = 20; !server.asked.includes("/never/1"); limit *= 2) {
      const { url } = server;
      await assertRejects(() => Timeout.run(limit, () => fetch(`${url}/never/1`)), TimeoutError);
    }
    for (let limit = 20; !server.asked.includes("/never/2"); limit *= 2) {
      const timeout = Timeout.startNew(limit);
      await assertRejects(() => fetch(`${server.url}/never/2`), TimeoutError);
      timeout.cancel();
    }
    return (await fetch(server.url)).status;
  });
  assertEquals(await greenlet, 200);
  for (const path of ["/never/1", "/never/2"]) {
    await until(() => server.givenUp.includes(path), "the end of the requests");
  }
});

served(
  "the body of a fetch in a greenlet that is killed is aborted, however it is read",
  async (server) => {
    const ways: [string, (response: Response) => Promise<unknown>][] = [
      ["text() of fetch GET", (response) => response.text()],
      ["the body of fetch GET", async (response) => {
        const reader = response.body?.getReader();
        for (;;) await reader?.read();
      }],
      ["the body of fetch GET", async (response) => {
        for await (const _ of response.body ?? []);
      }],
    ];
    for (const [what, read] of ways) {
      server.givenUp.length = 0;
      await assertKilled(what, async () => await read(await fetch(`${server.url}/half`)));
      await until(() => server.givenUp.join() === "/half", "the end of the request");
    }
  },
);

patched("setTimeout that settles a promise obeys kill and Timeout", async () => {
  await assertKilled(
    "a timer of 1000000 ms",
    () => new Promise((resolve) => setTimeout(resolve, FOREVER)),
  );
  await assertKilled(
    "a timer of 1000000 ms",
    () => new Promise((_, reject) => setTimeout(reject, FOREVER)),
  );
  const greenlet = spawn(function* () {
    try {
      yield Timeout.run(5, () => new Promise((resolve) => setTimeout(resolve, FOREVER)));
    } catch (error) {
      return (error as Error).name;
    }
  });
  assertEquals(await greenlet, "Timeout");
});

patched("setTimeout in a greenlet gives values in time, and is cleared as ever", async () => {
  const greenlet = spawn(async () => {
    const value = await new Promise((resolve) => setTimeout(resolve, 1, "value"));
    let cleared: ReturnType<typeof setTimeout> | undefined;
    const never = new Promise((resolve) => cleared = setTimeout(resolve, FOREVER));
    const before = waits();
    clearTimeout(cleared);
    const after = waits();
    never.finally(() => console.log("never"));
    return [value, before, after];
  });
  assertEquals(await greenlet, ["value", { "a timer of 1000000 ms": 1 }, {}]);
});

patched("setTimeout of callbacks outlives the greenlet that is killed", async () => {
  const log: string[] = [];
  const [greenlet] = await spawnUntil("sleep", async () => {
    setTimeout(() => log.push("called"), 10);
    await sleep(FOREVER);
  });
  await greenlet.kill();
  await until(() => log.length === 1, "the callback");
});

patched("a promise of setTimeout that nobody awaits yet is left alone by a kill", async () => {
  const log: unknown[] = [];
  const [greenlet] = await spawnUntil("sleep", async () => {
    const deadline = new Promise((resolve) => setTimeout(resolve, 30, "deadline"));
    try {
      await sleep(FOREVER);
    } finally {
      log.push(await deadline);
    }
  });
  await greenlet.kill(null, { grace: 20_000 });
  assertEquals(log, ["deadline"]);
});

patched("node:timers/promises obeys kill and Timeout", async () => {
  await assertKilled("a timer of 1000000 ms", () => timers.setTimeout(FOREVER));
  await assertKilled("a timer of 1000000 ms", () => promisify(setTimeout)(FOREVER));
  await assertKilled("a timer of 1000000 ms", () => timers.scheduler.wait(FOREVER));
  const running = (): number =>
    process.getActiveResourcesInfo().filter((kind) => /time/i.test(kind)).length;
  const before = running();
  await assertKilled("an interval of 1000000 ms", async () => {
    for await (const _ of timers.setInterval(FOREVER));
  });
  await until(() => running() <= before, "the end of the interval");
  const greenlet = spawn(async () => {
    await assertRejects(() => Timeout.run(5, () => timers.setTimeout(FOREVER)), TimeoutError);
    let count = 0;
    for await (const value of timers.setInterval(1, "tick")) {
      assertEquals(value, "tick");
      if (++count === 3) break;
    }
    return [await timers.setTimeout(1, "value"), await timers.setImmediate("soon"), count];
  });
  assertEquals(await greenlet, ["value", "soon", 3]);
});

patched("patched sleeps interleave", async () => {
  const log: string[] = [];
  const work = async (name: string, delay: number) => {
    log.push(`${name} begins`);
    await timers.setTimeout(delay);
    log.push(`${name} ends`);
  };
  await joinAll([spawn(work, "slow", 60), spawn(work, "quick", 5)]);
  assertEquals(log, ["slow begins", "quick begins", "quick ends", "slow ends"]);
});

patched("node:fs/promises obeys kill, and reads", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nogil-monkey-"));
  const path = join(folder, "text");
  writeFileSync(path, "content");
  try {
    await assertKilledAtOnce("readFile", () => files.readFile(path));
    await assertKilledAtOnce("stat", () => files.stat(path));
    await assertKilledAtOnce("writeFile", () => files.writeFile(`${path}2`, "x"));
    const greenlet = spawn(async () => {
      await files.writeFile(`${path}2`, "written");
      return [
        await files.readFile(path, "utf8"),
        await files.readFile(`${path}2`, { encoding: "utf8" }),
      ];
    });
    assertEquals(await greenlet, ["content", "written"]);
    await assertRejects(() => spawn(() => files.readFile("/no/such/file")).get());
  } finally {
    rmSync(folder, { recursive: true });
  }
});

patched("sockets are destroyed when the greenlet that waits for them is killed", async () => {
  const closed: string[] = [];
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("close", () => closed.push("close"));
    socket.write("data");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const received: string[] = [];
    const reader = spawn(async () => {
      for await (const piece of net.connect(port, "127.0.0.1")) received.push(String(piece));
    });
    await until(() => received.length > 0 && "data from a socket" in waits(), "the data");
    await reader.kill();
    await until(() => closed.length === 1, "the end of the connection");
    let socket: net.Socket | null = null;
    await assertKilled("a connection to nowhere.invalid:1", async () => {
      socket = net.connect({ host: "nowhere.invalid", port: 1, lookup: () => {} });
      await new Promise((resolve, reject) => socket?.on("connect", resolve).on("error", reject));
    });
    assertEquals((socket as net.Socket | null)?.destroyed, true);
    const greenlet = spawn(async () => {
      const socket = net.connect(port, "127.0.0.1");
      const pieces: string[] = [];
      const read = async (): Promise<void> => {
        for await (const piece of socket) pieces.push(String(piece));
      };
      const readUntil = async (wanted: string): Promise<void> => {
        while (pieces.join("") !== wanted) await Timeout.run(10, read, { silent: true });
      };
      await readUntil("data");
      for (const other of sockets) if (!other.destroyed) other.write("more");
      await readUntil("datamore");
      socket.destroy();
      return pieces.join("");
    });
    assertEquals(await greenlet, "datamore");
    assertEquals(waits(), {});
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

patched("events.once() and events.on() obey kill, and lose no event to a timeout", async () => {
  const emitter = new events.EventEmitter();
  await assertKilled(`the event "never"`, () => events.once(emitter, "never"));
  assertEquals(emitter.listenerCount("never"), 0);
  const [greenlet] = await spawnUntil(`the event "some"`, () => events.once(emitter, "some"));
  emitter.emit("some", 1, 2);
  assertEquals(await greenlet, [1, 2]);
  const received = spawn(async () => {
    const steps = events.on(emitter, "step");
    const first = await assertRejects(() => Timeout.run(5, () => steps.next()), TimeoutError);
    emitter.emit("step", "kept");
    const { value } = await steps.next();
    await steps.return?.();
    return [first instanceof Timeout, value];
  });
  assertEquals(await received, [true, ["kept"]]);
});

patched("node:readline obeys kill, and loses no line to a timeout", async () => {
  const input = new PassThrough();
  const lines = createInterface({ input, output: new PassThrough() });
  await assertKilled(`an answer to "name?"`, () => lines.question("name? "));
  const [asked] = await spawnUntil("an answer to", () => lines.question("name? "));
  input.write("Ada\n");
  assertEquals(await asked, "Ada");
  const greenlet = spawn(async () => {
    const read = async (): Promise<string | undefined> => {
      for await (const line of lines) return line;
    };
    await assertRejects(() => Timeout.run(5, read), TimeoutError);
    input.write("kept\n");
    return await read();
  });
  assertEquals(await greenlet, "kept");
  lines.close();
  input.destroy();
});

patched("child processes are killed with the greenlet that waits for their output", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nogil-monkey-"));
  const path = join(folder, "pid");
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  try {
    const run = promisify(processes.execFile);
    const [greenlet] = await spawnUntil(
      "the output of sh",
      () => run("sh", ["-c", `echo $$ > ${path}; exec sleep 600`]),
    );
    await until(() => existsSync(path) && readFileSync(path, "utf8").endsWith("\n"), "the child");
    const pid = Number(readFileSync(path, "utf8"));
    assert(isAlive(pid));
    await greenlet.kill();
    await until(() => !isAlive(pid), "the end of the child");
    const { stdout } = await spawn(() => run("sh", ["-c", "echo done"]));
    assertEquals(stdout, "done\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

served("three greenlets fetch three pages: all ask first, then the sizes come", async (server) => {
  const log: string[] = [];
  const work = async (path: string) => {
    log.push("GET");
    const { length } = await (await fetch(server.url + path)).text();
    log.push(`${length} bytes`);
  };
  await joinAll(["/meet/3/10", "/meet/3/2000", "/meet/3/4"].map((path) => spawn(work, path)));
  assertEquals(log.slice(0, 3), ["GET", "GET", "GET"]);
  assertEquals(log.slice(3).sort(), ["10 bytes", "2000 bytes", "4 bytes"]);
  assertEquals(server.most, 3);
});

served("two greenlets with 100 requests each", async (server) => {
  const work = async (name: string) => {
    for (let i = 0; i < 100; i++) await (await fetch(`${server.url}/${name}/${i}`)).text();
  };
  await gather(() => work("one"), () => work("two"));
  assertEquals(server.asked.length, 200);
  await settle();
  assertEquals(waits(), {});
});

Deno.test("named imports of node modules see what is patched on Node, and the originals after", async () => {
  if ("deno" in process.versions) return;
  const { readFile } = await import("node:fs/promises");
  const named = await import("node:timers/promises");
  const original = named.setTimeout;
  monkey.patchAll();
  assert(named.setTimeout !== original);
  monkey.unpatch();
  assertStrictEquals(named.setTimeout, original);
  assertStrictEquals(files.readFile, readFile);
  await turn();
});
