/** Tasks for the tests of connections. */

import { task } from "../../_core/task.ts";
import { type Connection, Pipe } from "../../process/mod.ts";
import type { Event, Semaphore } from "../../sync/mod.ts";
import type { Queue } from "../../queue/mod.ts";

/** Sends everything back until the other end is closed; says how many there were, and what ended it. */
export const echo = task(import.meta, (connection: Connection<unknown>): [number, string] => {
  for (let count = 0;; count++) {
    try {
      connection.sendSync(connection.recvSync());
    } catch (error) {
      return [count, (error as Error).name];
    }
  }
});

/** The same with promises. */
export const echoAsync = task(
  import.meta,
  async (connection: Connection<unknown>): Promise<number> => {
    let count = 0;
    for await (const message of connection) {
      await connection.send(message);
      count++;
    }
    return count;
  },
);

/** Sends bytes back. */
export const echoBytes = task(import.meta, (connection: Connection<unknown>): void => {
  for (;;) {
    const bytes = connection.recvBytesSync();
    if (bytes.length === 0) return;
    connection.sendBytesSync(bytes);
  }
});

/** Sends numbers, and returns without closing. */
export const sendNumbers = task(
  import.meta,
  (connection: Connection<never, number>, count: number): void => {
    for (let i = 0; i < count; i++) connection.sendSync(i);
  },
);

/** Says that it is there, and then never does anything again. */
export const hang = task(import.meta, (connection: Connection<unknown>): void => {
  connection.sendSync("ready");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
});

/** Takes a connection from a queue, and answers on it. */
export const takeAndAnswer = task(
  import.meta,
  async (queue: Queue<Connection<never, string>>, go: Event): Promise<void> => {
    go.waitSync();
    const connection = await queue.get();
    await connection.send("answer");
  },
);

/** Gives its end on to another process, through a connection, and ends. */
export const passOn = task(
  import.meta,
  async (line: Connection<"arrived", unknown>, other: Connection<never, string>): Promise<void> => {
    await line.send({ deep: [{ other }] });
    await other.send("from the middle");
    other.close();
    // What is on its way from a process that has ended is lost.
    await line.recv();
  },
);

/** Waits until it is let go; its connection is closed by then. */
export const closeAndWait = task(
  import.meta,
  (connection: Connection<unknown>, closed: Event, go: Semaphore): void => {
    connection.close();
    closed.set();
    go.acquireSync();
  },
);

/** Returns its connection. */
export const giveBack = task(
  import.meta,
  (connection: Connection<string>): Connection<string> => connection,
);

/** Fails while it has a connection. */
export const fail = task(import.meta, (connection: Connection<unknown>): void => {
  connection.sendSync("about to fail");
  throw new TypeError("failed on purpose");
});

/** Does all that can be done with a connection, for ever: sends, receives, and gives handles of it away. */
export const churn = task(
  import.meta,
  (numbers: Connection<unknown, number>, line: Connection<Connection<unknown>>): void => {
    numbers.sendSync(0);
    for (let i = 1;; i++) {
      numbers.sendSync(i);
      const [one, two] = Pipe<unknown>();
      line.sendSync(two as Connection<Connection<unknown>>);
      two.close();
      one.sendSync(new Uint8Array(i % 3000));
      if (line.pollSync()) line.recvSync().close();
      one.close();
    }
  },
);
