// deno run --allow-read --allow-write --allow-net examples/listener.ts
// A listener and its client, which may as well be programs of their own: prints what the client has sent.
import { Client, Listener } from "@nogil/std/process";

const listener = new Listener({ authkey: "secret" });
const [server, client] = await Promise.all([
  listener.accept<string>(),
  Client<string>(listener.address, { authkey: "secret" }),
]);
await client.send("hello");
console.log(await server.recv());
client.close();
server.close();
listener.close();
