/** A program that reads its standard input in a greenlet, while another one runs. */

import { monkey, sleep, spawn, Timeout } from "../../coroutine/mod.ts";
import { isMain } from "../../_core/task.ts";
import { Event } from "../../sync/mod.ts";

export const programUrl: string = import.meta.url;

async function main(): Promise<void> {
  monkey.patch({ stdin: true });
  const buffer = new Uint8Array(100);
  const timedOut = new Event({ scope: "local" });
  const reader = spawn(async () => {
    if (await Timeout.run(10, () => Deno.stdin.read(buffer), { silent: true }) === undefined) {
      console.log("timeout");
    }
    timedOut.set();
    const count = await Deno.stdin.read(buffer);
    console.log("read", new TextDecoder().decode(buffer.subarray(0, count ?? 0)).trim());
  });
  await timedOut.wait();
  await sleep(30);
  console.log("ticks");
  await reader;
}

if (isMain(import.meta)) await main();
