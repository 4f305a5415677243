import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import * as errors from "../../errors.ts";

Deno.test("every error has its own name, takes a message and a cause, and shows its name", () => {
  const classes = Object.entries(errors) as unknown as [
    string,
    new (message?: string, options?: ErrorOptions) => Error,
  ][];
  assertEquals(classes.length, 22);
  for (const [name, type] of classes) {
    const cause = new Error("why");
    const error: Error = new type("what", { cause });
    assertInstanceOf(error, Error);
    assertEquals(error.name, name);
    assertEquals(error.message, "what");
    assertEquals(error.cause, cause);
    assert(error.stack?.startsWith(`${name}: what`), error.stack);
    assertEquals(String(new type()), name);
  }
});

Deno.test("WorkerLostError, UnshareableError and RemoteError have defaults for their fields", () => {
  const { kind, exitcode, signal, pid, task } = new errors.WorkerLostError();
  assertEquals([kind, exitcode, signal, pid, task], ["thread", null, null, null, null]);
  assertEquals(new errors.UnshareableError().path, null);
  const { remoteName, remoteStack, fields } = new errors.RemoteError("x");
  assertEquals([remoteName, remoteStack, fields], ["Error", "", {}]);
});
