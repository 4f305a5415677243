/** Programs for the tests of `_runtime` that watch a whole process; `argv[2]` says which. */

import { writeSync } from "node:fs";
import process from "node:process";
import { runtime } from "../../_runtime/runtime.ts";
import { fixtureUrl } from "./worker_fixture.ts";

export const programUrl: string = import.meta.url;

const rt = runtime();
const program = rt.isWorkerThread ? "" : process.argv[2];
const words = new Int32Array(new SharedArrayBuffer(16));

switch (program) {
  case "print while main is parked":
    rt.spawnWorker(fixtureUrl, { fixture: "runtime", mode: "print", words }).unref();
    Atomics.wait(words, 1, 0, 60_000);
    writeSync(1, "main goes on\n");
    break;
  case "print much":
    rt.spawnWorker(fixtureUrl, { fixture: "runtime", mode: "print much", words });
    Atomics.wait(words, 1, 0, 60_000);
    break;
  case "unref":
    rt.spawnWorker(fixtureUrl, { fixture: "runtime", mode: "spin", words }).unref();
    Atomics.wait(words, 1, 0, 60_000);
    break;
  case "exit hooks": {
    let rounds = 0;
    rt.onProcessExit((code) => writeSync(1, `exit ${code}\n`));
    rt.onBeforeExit(() => {
      writeSync(1, "before exit\n");
      if (rounds++ === 0) setTimeout(() => writeSync(1, "more work\n"), 1);
    });
    rt.unrefTimer(setTimeout(() => writeSync(1, "never\n"), 60_000));
    const timer = setTimeout(() => rt.failProcess(9), 2);
    rt.unrefTimer(timer);
    rt.refTimer(timer);
    break;
  }
  case "Deno.exit":
    rt.onProcessExit((code) => writeSync(1, `exit ${code}\n`));
    (globalThis as unknown as { Deno?: { exit(code: number): never } }).Deno?.exit(5);
    process.exit(5);
    break;
  case "error":
    rt.writeErrorSync("an error\n");
}
