/** Tasks for the tests of listeners and clients. */

import { task } from "../../_core/task.ts";
import { type Address, Client, ClientSync, type Connection, Listener } from "../../process/mod.ts";

/** Connects, sends, and is gone. */
export const sayHello = task(import.meta, (address: Address, authkey: string): void => {
  const client = ClientSync<string>(address, { authkey });
  client.sendSync("hello");
});

/** Sends everything back until the other end is closed. */
export const serve = task(
  import.meta,
  (told: Connection<Address>, address: Address | undefined): number => {
    const listener = new Listener(address === undefined ? {} : { address });
    told.sendSync(listener.address);
    const connection = listener.acceptSync();
    for (let count = 0;; count++) {
      try {
        connection.sendSync(connection.recvSync());
      } catch {
        listener.close();
        return count;
      }
    }
  },
);

/** Connects, says so, and never does anything again. */
export const connectAndHang = task(import.meta, async (address: Address): Promise<void> => {
  const client = await Client<string>(address);
  await client.send("ready");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
});

/** Listens at an address of its own, says so, and never does anything again. */
export const listenAndHang = task(import.meta, (told: Connection<Address>): void => {
  const listener = new Listener();
  told.sendSync(listener.address);
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
});

/** Answers on a connection over a socket that another thread has made. */
export const answer = task(import.meta, (connection: Connection<string>): void => {
  connection.sendSync(`you said ${connection.recvSync()}`);
});
