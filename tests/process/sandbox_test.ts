import { assertEquals, assertRejects } from "@std/assert";
import process from "node:process";
import { RemoteError, UnshareableError } from "../../errors.ts";
import { Pool } from "../../pool/mod.ts";
import { Process } from "../../process/mod.ts";
import * as tasks from "./sandbox_tasks.ts";

const isDeno = "deno" in process.versions;

/** What none of these tests may do. */
function assertInside(): void {
  assertEquals((globalThis as { ESCAPED?: boolean }).ESCAPED, undefined);
}

if (isDeno || process.allowedNodeEnvironmentFlags.has("--permission")) {
  const permissions = isDeno
    ? { net: false, run: false, ffi: false }
    : { write: false, run: false, ffi: false };

  const run = async (target: () => unknown): Promise<unknown> =>
    await new Process({ target, permissions }).start().join();

  Deno.test("Process in a sandbox gives back plain data alone", async () => {
    assertEquals(await run(tasks.sendData), tasks.sendData());
    await assertRejects(() => run(tasks.sendTask), UnshareableError, "plain data");
    const error = await assertRejects(() => run(tasks.throwOwn), RemoteError, "of my own");
    assertEquals(error.remoteName, "OwnError");
  });

  Deno.test("Process in a sandbox cannot have its parent run code", async () => {
    await assertRejects(() => run(tasks.sendCode), UnshareableError, "plain data");
    assertInside();
    await assertRejects(() => run(tasks.throwCode), UnshareableError, "plain data");
    assertInside();
  });

  Deno.test("Pool in a sandbox gives back plain data alone", async () => {
    await using pool = new Pool(1, { permissions });
    assertEquals(await pool.apply(tasks.sendData), tasks.sendData());
    assertEquals(await pool.map(tasks.negate, [1, 2, 3]), [-1, -2, -3]);
    assertEquals(await pool.map(tasks.exclaim, ["a", "b"]), ["a!", "b!"]);
    await assertRejects(
      async () => await pool.apply(tasks.sendTask),
      UnshareableError,
      "plain data",
    );
    await assertRejects(async () => await pool.apply(tasks.throwOwn), RemoteError, "of my own");
  });

  Deno.test("Pool in a sandbox cannot have its owner run code", async () => {
    for (const evil of [tasks.sendCode, tasks.throwCode]) {
      await using pool = new Pool(1, { permissions });
      await assertRejects(async () => await pool.apply(evil), UnshareableError, "plain data");
      await assertRejects(
        async () => await pool.starmap(evil, [[]]),
        UnshareableError,
        "plain data",
      );
    }
    assertInside();
  });
} else {
  Deno.test("Node 20 has no sandboxes", () => {
    assertInside();
  });
}
