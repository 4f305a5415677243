/** The programs that are killed with all that they have started; the first argument says which. */

import process from "node:process";
import { isMain, task } from "../../_core/task.ts";
import { Pool, ProcessPoolExecutor } from "../../pool/mod.ts";
import { ClientSync, Listener, Pipe, Process, SharedMemory } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Lock } from "../../sync/mod.ts";
import { sleepSync, Thread } from "../../thread/mod.ts";
import { kind as channels } from "../pool/channel_pool.ts";

export const programUrl: string = import.meta.url;

const scope = "process";

export const spin = task(import.meta, (): never => {
  for (;;);
});

export const block = task(import.meta, (queue: Queue<number>): number => queue.getSync());

export const nap = task(import.meta, (milliseconds: number): number => {
  sleepSync(milliseconds);
  return milliseconds;
});

export const haveChild = task(import.meta, (): Promise<never> => {
  return new Process({ target: spin }).start().join();
});

export const haveChildInThread = task(import.meta, (): void => {
  new Process({ target: spin }).start().joinSync();
});

export const fill = task(import.meta, async (queue: Queue<number>, lock: Lock): Promise<void> => {
  for (let n = 0;; n++) {
    const guard = await lock.acquire({ recover: true });
    queue.putSync(n);
    guard.release();
  }
});

export const drain = task(import.meta, (queue: Queue<number>): void => {
  for (;;) queue.getSync();
});

export const talk = task(import.meta, (address: string, authkey: string): void => {
  const connection = ClientSync(address, { authkey });
  for (;;) connection.sendSync(connection.recvSync());
});

const times = Array.from({ length: 50 }, (_, i) => i % 10);

/** Does something again and again. */
async function forEver(act: () => unknown): Promise<never> {
  for (;;) await act();
}

const programs: Record<string, () => Promise<unknown>> = {
  "pool"() {
    const pool = new Pool(2);
    return forEver(() => pool.map(nap, times, { chunksize: 1 }));
  },
  "pools"() {
    return forEver(async () => {
      await using pool = new Pool(1);
      await pool.map(nap, [1, 2]);
    });
  },
  "executor"() {
    const executor = new ProcessPoolExecutor({ maxWorkers: 2 });
    return forEver(() => Promise.all(times.map((time) => executor.submit(nap, time))));
  },
  "channels"() {
    const pool = channels.make(2);
    return forEver(() => pool.map(nap, times, { chunksize: 1 }));
  },
  "family"() {
    for (const target of [haveChild, spin]) new Process({ target }).start();
    new Process({ target: block, args: [new Queue<number>(0, { scope })] }).start().joinSync();
    return forEver(() => {});
  },
  "threads"() {
    new Thread({ target: haveChildInThread }).start();
    return new Event({ scope }).wait();
  },
  async "spares"() {
    await Process.prewarm(2);
    return await forEver(() => new Process({ target: nap, args: [1] }).start().join());
  },
  "queue"() {
    const queue = new Queue<number>(10, { scope });
    const lock = new Lock({ scope });
    for (const _ of [1, 2]) {
      new Process({ target: fill, args: [queue, lock] }).start();
      new Process({ target: drain, args: [queue] }).start();
    }
    return forEver(async () => (await lock.acquire({ recover: true })).release());
  },
  "memory"() {
    const memory = new SharedMemory({ create: true, size: 1 << 20 });
    const [one, other] = Pipe();
    new Process({ target: nap, args: [60_000] }).start();
    return forEver(async () => {
      await one.send(memory);
      (await other.recv() as SharedMemory).close();
    });
  },
  async "listener"() {
    const listener = new Listener({ authkey: "a key" });
    new Process({ target: talk, args: [listener.address as string, "a key"] }).start();
    const connection = await listener.accept();
    return await forEver(async () => {
      await connection.send("a word");
      await connection.recv();
    });
  },
  /** Removes what those have left behind that were killed. */
  "tidy"() {
    new Listener().close();
    return new Process({ target: nap, args: [0] }).start().join();
  },
};

/** The names of the programs that go on until they are killed. */
export const endless: readonly string[] = Object.keys(programs).filter((name) => name !== "tidy");

if (isMain(import.meta)) await programs[process.argv[2] as string]?.();
