/** What `monkey` does to the `Deno` namespace. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { spawn as spawnProcess } from "node:child_process";
import process from "node:process";
import { type Greenlet, hub, monkey, sleep, spawn, Timeout } from "../../coroutine/mod.ts";
import { GreenletExit, TimeoutError } from "../../errors.ts";
import { until } from "../conformance/support.ts";
import { programUrl } from "./stdin_program.ts";

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

/** What greenlets wait for that the hub knows. */
function waits(): string[] {
  return Object.keys(hub.statistics().waits).filter((what) => what !== "a promise");
}

/** Starts a greenlet that notes what it is killed with, and waits until it waits. */
async function spawnUntil(
  what: string,
  fn: () => unknown,
): Promise<[Greenlet<unknown>, unknown[]]> {
  const seen: unknown[] = [];
  const greenlet = spawn(async () => {
    try {
      return await fn();
    } catch (error) {
      seen.push(error);
      throw error;
    }
  });
  const isThere = (): boolean => waits().some((one) => one.includes(what));
  await until(isThere, what);
  return [greenlet, seen];
}

/** Kills a greenlet, and asserts that its code got the error there where it waited. */
async function assertKilled(what: string, fn: () => unknown): Promise<void> {
  const [greenlet, seen] = await spawnUntil(what, fn);
  await greenlet.kill(null, { grace: 20_000 });
  assertInstanceOf(seen[0], GreenletExit);
  assertEquals(waits(), []);
}

/** The same for a wait that may be over soon: the greenlet kills itself while it waits. */
async function assertKilledAtOnce(what: string, fn: () => Promise<unknown>): Promise<void> {
  let waited: string[] = [];
  const greenlet: Greenlet<unknown> = spawn(async () => {
    const promise = fn();
    waited = waits();
    void greenlet.kill();
    return await assertRejects(() => promise, GreenletExit);
  });
  assertInstanceOf(await greenlet, GreenletExit);
  assertEquals(waited.map((one) => one.includes(what)), [true]);
}

/** Runs a test with two ends of a connection. */
async function connected(
  fn: (near: Deno.TcpConn, far: Deno.TcpConn, listener: Deno.TcpListener) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const far = await accepted;
  try {
    await fn(near, far, listener);
  } finally {
    for (const end of [near, far, listener]) {
      try {
        end.close();
      } catch (error) {
        assertInstanceOf(error, Deno.errors.BadResource);
      }
    }
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array, count: number | null): string =>
  new TextDecoder().decode(data.subarray(0, count ?? 0));

Deno.test("monkey patches the Deno namespace, and puts it back", () => {
  const names = ["connect", "listen", "readFile", "readTextFile", "stat", "Command"] as const;
  const before = names.map((name) => Object.getOwnPropertyDescriptor(Deno, name));
  const { output } = Deno.Command.prototype;
  const { prompt } = globalThis;
  monkey.patchAll();
  names.forEach((name, i) => assert(Deno[name] !== before[i]?.value, name));
  assert(prompt !== globalThis.prompt);
  assertStrictEquals(monkey.getOriginal(Deno.readFile), monkey.getOriginal("Deno", "readFile"));
  assertStrictEquals(monkey.getOriginal("Deno", "Command.prototype.output"), output as never);
  monkey.unpatch();
  assertEquals(names.map((name) => Object.getOwnPropertyDescriptor(Deno, name)), before);
  assertEquals([Deno.Command.prototype.output === output, globalThis.prompt === prompt], [
    true,
    true,
  ]);
});

patched("a connection is closed when a greenlet that reads is killed", async () => {
  await connected(async (near, far) => {
    await assertKilled("data from a connection", () => near.read(new Uint8Array(10)));
    assertEquals(await far.read(new Uint8Array(10)), null);
  });
  await connected(async (near, far) => {
    await assertKilled("data from a connection", async () => {
      for await (const _ of near.readable);
    });
    assertEquals(await far.read(new Uint8Array(10)), null);
  });
});

patched("a connection loses nothing to a timeout", async () => {
  await connected(async (near, far) => {
    const greenlet = spawn(async () => {
      const large = new Uint8Array(10);
      await assertRejects(() => Timeout.run(5, () => near.read(large)), TimeoutError);
      await far.write(bytes("abcdef"));
      const small = new Uint8Array(4);
      const first = text(small, await near.read(small));
      const second = text(small, await near.read(small));
      await far.write(bytes("more"));
      far.closeWrite();
      return [first, second, text(large, await near.read(large)), await near.read(large)];
    });
    assertEquals(await greenlet, ["abcd", "ef", "more", null]);
  });
  await connected(async (near, far) => {
    const greenlet = spawn(async () => {
      const reader = near.readable.getReader();
      await assertRejects(() => Timeout.run(5, () => reader.read()), TimeoutError);
      await far.write(bytes("kept"));
      const { value } = await reader.read();
      reader.releaseLock();
      const pieces = [text(value as Uint8Array, (value as Uint8Array).length)];
      const read = async (): Promise<void> => {
        for await (const piece of near.readable) pieces.push(text(piece, piece.length));
      };
      await assertRejects(() => Timeout.run(5, read), TimeoutError);
      await far.write(bytes("by the loop"));
      far.closeWrite();
      await read();
      return pieces;
    });
    assertEquals(await greenlet, ["kept", "by the loop"]);
  });
});

patched(
  "data that came for a read which was given up is read outside of greenlets, too",
  async () => {
    await connected(async (near, far) => {
      const buffer = new Uint8Array(10);
      const greenlet = spawn(() => Timeout.run(5, () => near.read(buffer), { silent: true }));
      await greenlet;
      await far.write(bytes("kept"));
      assertEquals(text(buffer, await near.read(buffer)), "kept");
    });
  },
);

patched("a listener loses no connection to a kill", async () => {
  await connected(async (_near, _far, listener) => {
    await assertKilled("a connection on 127.0.0.1:0", () => listener.accept());
    await assertKilled("a connection on 127.0.0.1:0", async () => {
      for await (const _ of listener);
    });
    const greenlet = spawn(async () => await listener.accept());
    const { port } = listener.addr;
    const client = await spawn(() => Deno.connect({ hostname: "127.0.0.1", port }));
    const server = await greenlet;
    await client.write(bytes("hello"));
    const buffer = new Uint8Array(10);
    assertEquals(text(buffer, await server.read(buffer)), "hello");
    server.close();
    client.close();
  });
});

patched("Deno.readFile and the like obey kill, and read", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/text`;
  await Deno.writeTextFile(path, "content");
  try {
    await assertKilledAtOnce(`Deno.readFile ${path}`, () => Deno.readFile(path));
    await assertKilledAtOnce(`Deno.readTextFile ${path}`, () => Deno.readTextFile(path));
    await assertKilledAtOnce(`Deno.stat ${path}`, () => Deno.stat(path));
    const greenlet = spawn(async () => {
      const [text, data, info] = await Promise.all([
        Deno.readTextFile(path),
        Deno.readFile(path),
        Deno.stat(path),
      ]);
      return [text, data.length, info.isFile];
    });
    assertEquals(await greenlet, ["content", 7, true]);
    const missing = spawn(() => Deno.readFile(`${folder}/missing`));
    await assertRejects(() => missing.get(), Deno.errors.NotFound);
    const signal = AbortSignal.abort(new Error("mine"));
    await assertRejects(() => spawn(() => Deno.readFile(path, { signal })).get(), Error, "mine");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Gives the process that a command of `sh` runs as, by the file into which that writes its number. */
async function shell(
  script: string,
): Promise<{ command: Deno.Command; pid: () => Promise<number> }> {
  const path = await Deno.makeTempFile();
  const command = new Deno.Command("sh", { args: ["-c", `echo $$ > ${path}; ${script}`] });
  const pid = async (): Promise<number> => {
    await until(() => Deno.readTextFileSync(path).endsWith("\n"), "the child");
    const number = Number(Deno.readTextFileSync(path));
    Deno.removeSync(path);
    return number;
  };
  return { command, pid };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

patched("Deno.Command.output() kills its child with the greenlet that waits", async () => {
  for (const how of ["output", "spawn"]) {
    const { command, pid } = await shell("exec sleep 600");
    const [greenlet] = await spawnUntil(
      "the output of",
      () => how === "output" ? command.output() : command.spawn().output(),
    );
    const child = await pid();
    assert(isAlive(child));
    await greenlet.kill();
    await until(() => !isAlive(child), "the end of the child");
  }
});

patched("Deno.Command.output() gives what it gives", async () => {
  const { code, stdout, stderr } = await spawn(() =>
    new Deno.Command("sh", { args: ["-c", "echo out; echo err >&2; exit 3"] }).output()
  );
  assertEquals([code, text(stdout, stdout.length), text(stderr, stderr.length)], [
    3,
    "out\n",
    "err\n",
  ]);
  const piped = new Deno.Command("cat", { stdin: "piped" });
  await assertRejects(() => spawn(() => piped.output()).get(), TypeError);
  assertInstanceOf(piped, Deno.Command);
});

patched("prompt, confirm and alert give promises in a greenlet, and block outside", async () => {
  if (Deno.stdin.isTerminal()) return;
  assertEquals([prompt("a"), confirm("b"), alert("c")], [null, false, undefined]);
  const asked = spawn(() =>
    [prompt("a"), confirm("b")].map((one) => one as unknown instanceof Promise)
  );
  assertEquals(await asked, [true, true]);
  assertEquals(await spawn(async () => [await prompt("a"), await confirm("b")]), [null, false]);
});

Deno.test("prompt, confirm and alert ask on a terminal, and let the others run", async () => {
  const { stdin, stdout } = Deno;
  const answers = ["Ada\n", "", "Y\r\n", "no\n", "\n", "late\n", null];
  const questions: string[] = [];
  const fakes = {
    isTerminal: () => true,
    async read(buffer: Uint8Array) {
      await sleep(1);
      const answer = answers.shift() as string | null;
      return answer === null ? null : new TextEncoder().encodeInto(answer, buffer).written;
    },
  };
  Object.assign(stdin, fakes);
  Object.assign(stdout, {
    writeSync: (data: Uint8Array) => questions.push(text(data, data.length)),
  });
  monkey.patch({ stdin: true });
  try {
    const asked = spawn(async () => [
      await prompt("name?", "Bob"),
      await confirm("sure?"),
      await confirm("really?"),
      await alert("done"),
      await Timeout.run(0, () => prompt("never"), { silent: true }),
      await prompt("again"),
      await prompt("end"),
    ]);
    assertEquals(await asked, ["Ada", true, false, undefined, undefined, "late", null]);
  } finally {
    monkey.unpatch();
    for (const name of Object.keys(fakes)) Reflect.deleteProperty(stdin, name);
    Reflect.deleteProperty(stdout, "writeSync");
  }
  assertEquals(questions, [
    "name? [Bob] ",
    "sure? [y/N] ",
    "really? [y/N] ",
    "done [Enter] ",
    "never ",
    "again ",
    "end ",
  ]);
});

Deno.test("Deno.stdin.read() lets others run, and loses nothing to a timeout", async () => {
  const child = spawnProcess(process.execPath, [
    "run",
    "-A",
    "--quiet",
    new URL(programUrl).pathname,
  ], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  await until(() => output.includes("ticks"), "the ticks");
  child.stdin.write("kept\n");
  await new Promise((resolve) => child.on("close", resolve));
  child.stdin.destroy();
  assertEquals(output, "timeout\nticks\nread kept\n");
});
