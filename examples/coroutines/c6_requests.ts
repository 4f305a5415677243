// deno run --allow-net=127.0.0.1 examples/coroutines/c6_requests.ts
// C6: two greenlets, 100 requests each.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { joinAll, spawn } from "@nogil/std/coroutine";

const server = createServer((_, response) => response.end("hello"));
await once(server.listen(0, "127.0.0.1"), "listening");
const { port } = server.address() as AddressInfo;

async function request(times: number): Promise<number> {
  let answers = 0;
  for (let i = 0; i < times; i++) {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    if (await response.text() === "hello") answers++;
  }
  return answers;
}

const started = performance.now();
const greenlets = await joinAll([spawn(request, 100), spawn(request, 100)]);
const answers = greenlets.reduce((sum, { value }) => sum + (value ?? 0), 0);
console.log(`${answers} answers in ${Math.round(performance.now() - started)} ms`);
server.close();
server.closeAllConnections();
