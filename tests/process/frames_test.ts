import { assert, assertEquals, assertFalse } from "@std/assert";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bootUrl } from "../../process/child_boot.ts";
import {
  CONTROL,
  frame,
  FrameReader,
  HELLO,
  hello,
  isWelcome,
  KEY_VARIABLE,
  makeKey,
  roleOf,
  WELCOME,
  welcome,
} from "../../process/frames.ts";

/** Gives what the only frame among some bytes holds. */
function payloadOf(type: number, bytes: Uint8Array): Uint8Array {
  const payloads: Uint8Array[] = [];
  new FrameReader((found, payload) => {
    assertEquals(found, type);
    payloads.push(payload);
  }).push(bytes);
  assertEquals(payloads.length, 1);
  return payloads[0] as Uint8Array;
}

Deno.test("hello() and welcome() show one half of the key each", () => {
  const key = makeKey();
  const [child, parent] = [hello(CONTROL, key), welcome(key)];
  assertEquals(roleOf(payloadOf(HELLO, child), key), CONTROL);
  assertEquals(roleOf(payloadOf(HELLO, child), makeKey()), 0);
  assert(isWelcome(payloadOf(WELCOME, parent), key));
  assertFalse(isWelcome(payloadOf(WELCOME, parent), makeKey()));
  const echo = payloadOf(HELLO, child).slice(1);
  assertFalse(isWelcome(echo, key));
  assertFalse(isWelcome(new Uint8Array(0), key));
});

if (process.platform === "linux") {
  for (const impostor of ["echoes", "is silent about the key"]) {
    Deno.test(`a child ends when who has its parent's name ${impostor}`, async () => {
      const name = `nogil-${process.pid}-${crypto.randomUUID()}`;
      const key = makeKey();
      let heard = "";
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.on("data", (bytes) => {
          heard += bytes.toString("latin1");
          const answer = impostor === "echoes" ? bytes.subarray(6) : new Uint8Array(0);
          socket.write(frame(WELCOME, answer));
        });
      });
      await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve));
      const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
      const child = spawn(process.execPath, [
        ...flags,
        fileURLToPath(bootUrl),
        `abstract:${name}`,
      ], { stdio: "ignore", env: { ...process.env, [KEY_VARIABLE]: key } });
      const signal = await new Promise((resolve) =>
        child.on("exit", (_, signal) => resolve(signal))
      );
      server.close();
      assertEquals(signal, "SIGKILL");
      assert(heard.includes(key.slice(0, 36)));
      assertFalse(heard.includes(key.slice(36)));
    });
  }
}
