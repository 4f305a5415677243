import { assert, assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { enumerate, Thread } from "../../thread/mod.ts";
import { until } from "../support.ts";
import { makeAndForget, programUrl } from "./engine_programs.ts";

/** What Deno sometimes says of a worker that still ran when the program ended. */
const INTERRUPTED = /error.*\(in worker .*terminated/;

interface Ended {
  code: number | null;
  output: string[];
  /** How long the program went on after its last output, in milliseconds. */
  late: number;
}

/** Runs a program of `engine_programs.ts` in a process of its own. */
function run(program: string): Promise<Ended> {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const child = spawn(process.execPath, [...flags, fileURLToPath(programUrl), program], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  const output: string[] = [];
  let since = 0;
  const onData = (chunk: unknown): void => {
    const lines = String(chunk).trim().split("\n");
    output.push(...lines.filter((line) => !INTERRUPTED.test(line)));
    since = performance.now();
  };
  child.stdout.on("data", onData);
  child.stderr.on("data", onData);
  const patience = setTimeout(() => child.kill("SIGKILL"), 60_000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(patience);
      resolve({ code, output, late: performance.now() - since });
    });
  });
}

Deno.test("TaskEngine does not keep the program alive when nothing is pending", async () => {
  const { code, output, late } = await run("idle");
  assertEquals([code, output], [0, ["result 49"]]);
  assert(late < 10_000, `it took ${late} ms`);
});

Deno.test("TaskEngine keeps the program alive while a task is pending", async () => {
  const { code, output } = await run("pending");
  assertEquals([code, output], [0, ["later 300"]]);
});

Deno.test("TaskEngine has its workers leave when the thread has ended that made it", async () => {
  const before = enumerate().length;
  const thread = new Thread({ target: makeAndForget }).start();
  assertEquals(await thread.join(), 49);
  await until(() => enumerate().length <= before);
});
