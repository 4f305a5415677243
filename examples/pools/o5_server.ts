// deno run --allow-read --allow-net=127.0.0.1 examples/pools/o5_server.ts
// O5: a TCP server that serves each client on a pool of four: the fifth is served when one leaves.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { isMain, Queue, task, ThreadPool, wait } from "@nogil/std";

/** A socket belongs to its thread: what comes and what goes travels through queues. */
export const talk = task(import.meta, async (heard: Queue<string>, said: Queue<string>) => {
  for await (const text of heard) await said.put(text.toUpperCase());
  said.shutdown();
});

async function serve(pool: ThreadPool, socket: Socket): Promise<void> {
  const heard = new Queue<string>();
  const said = new Queue<string>();
  socket.on("data", (data) => heard.putNowait(data.toString()));
  socket.on("end", () => heard.shutdown());
  pool.applyAsync(talk, [heard, said]);
  for await (const text of said) socket.write(text);
  socket.end();
}

async function ask(client: Socket, text: string): Promise<string> {
  client.write(text);
  const [data] = await once(client, "data");
  return String(data);
}

if (isMain(import.meta)) {
  await using pool = new ThreadPool(4);
  const server = createServer({ allowHalfOpen: true }, (socket) => void serve(pool, socket));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;

  const clients: Socket[] = [];
  for (let n = 1; n <= 4; n++) {
    const client = connect(port, "127.0.0.1");
    clients.push(client);
    console.log(await ask(client, `client ${n}`));
  }
  const fifth = connect(port, "127.0.0.1");
  const answer = ask(fifth, "client 5");
  const { done } = await wait([answer], { timeout: 100 });
  console.log("the fifth is served at once:", done.size === 1);
  clients.shift()?.end();
  console.log(await answer);

  for (const client of [...clients, fifth]) client.end();
  server.close();
}
