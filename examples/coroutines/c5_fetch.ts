// deno run --allow-net=127.0.0.1 examples/coroutines/c5_fetch.ts
// C5: three greenlets fetch three pages at the same time: together they take little more than the slowest.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { joinAll, monkey, spawn } from "@nogil/std/coroutine";

monkey.patchAll();

/** Pages that take so many milliseconds, and have as many bytes. */
const server = createServer((request, response) => {
  const size = Number(request.url?.slice(1));
  setTimeout(() => response.end("x".repeat(size)), size);
});
await once(server.listen(0, "127.0.0.1"), "listening");
const { port } = server.address() as AddressInfo;

async function get(page: number): Promise<void> {
  console.log(`GET /${page}`);
  const response = await fetch(`http://127.0.0.1:${port}/${page}`);
  const text = await response.text();
  console.log(`${text.length} bytes of /${page}`);
}

const started = performance.now();
await joinAll([1200, 800, 400].map((page) => spawn(get, page)));
console.log(`all took ${Math.round(performance.now() - started)} ms`);
server.close();
server.closeAllConnections();
