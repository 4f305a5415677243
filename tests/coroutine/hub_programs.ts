/** Programs of which the tests look at the end: `deno run -A hub_programs.ts NAME`. */

import process from "node:process";
import {
  asCompleted,
  Channel,
  Group,
  hub,
  joinAll,
  sleep,
  spawn,
  wait,
} from "../../coroutine/mod.ts";
import { LoopExit } from "../../errors.ts";
import { Future } from "../../pool/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Lock } from "../../sync/mod.ts";

/** Where this module is. */
export const programUrl: string = import.meta.url;

/** Starts a greenlet that never comes back, once it has slept. */
function spawnSpinner(): void {
  async function spin(): Promise<void> {
    await sleep(5);
    for (;;);
  }
  spawn(spin).name = "spinner";
}

const PROGRAMS: Record<string, () => void | Promise<void>> = {
  "hopeless": () => {
    const queue = new Queue(0, { scope: "local" });
    spawn(() => queue.get()).name = "reader";
    spawn(function* () {
      yield new Channel().get();
    }).name = "listener";
    spawn(() => new Promise(() => {})).name = "dreamer";
    console.log("main is done");
  },
  "main waits": async () => {
    const greenlet = spawn(() => new Channel().get());
    greenlet.name = "listener";
    try {
      await greenlet.get();
    } catch (error) {
      console.log(error instanceof LoopExit, (error as Error).message.split("\n")[1]);
    }
    await greenlet.kill();
  },
  "main waits for all": async () => {
    const channel = new Channel();
    const greenlet = spawn(() => channel.get());
    const group = new Group([greenlet]);
    const event = new Event({ scope: "local" });
    const queue = new Queue(0, { scope: "local" });
    const lock = new Lock({ scope: "local" });
    await lock.acquire();
    const waits = [
      joinAll([greenlet]),
      group.join(),
      hub.join(),
      new Channel().get(),
      event.wait(),
      queue.get(),
      lock.acquire(),
      wait([greenlet]),
      wait([event]),
      wait([new Future()]),
      asCompleted([greenlet]).next(),
    ];
    const ends = await Promise.allSettled(waits);
    console.log(
      ends.every((end) => end.status === "rejected" && end.reason instanceof LoopExit),
      new Set(ends).size,
    );
    await greenlet.kill();
  },
  "main waits for a promise": async () => {
    spawn(() => new Channel().get()).name = "listener";
    await Promise.allSettled([new Channel().get(), new Promise(() => {})]);
    console.log("never");
  },
  "main has waited before": async () => {
    const event = new Event({ scope: "local" });
    const waiting = event.wait();
    const greenlet = spawn(() => new Channel().get());
    try {
      await waiting;
    } catch (error) {
      console.log(error instanceof LoopExit);
    }
    await greenlet.kill();
    event.set();
    await event.wait();
    console.log("main goes on");
  },
  "spinner": async () => {
    hub.watchdog({ limit: 20, hung: 200 });
    await sleep(30);
    const innocent = spawn(function* () {
      for (;;) yield sleep(0);
    });
    innocent.name = "innocent";
    spawnSpinner();
  },
  "spinner by the environment": () => spawnSpinner(),
  "slow": async () => {
    using _watchdog = hub.watchdog({ limit: 20, hung: 60_000 });
    const slow = spawn(() => {
      for (const since = performance.now(); performance.now() - since < 60;);
    });
    slow.name = "slow";
    await slow;
  },
  "exit": async () => {
    spawn(() => new Channel().get());
    await sleep(1);
    process.exit(3);
  },
  "sleeper": () => {
    spawn(async () => {
      await sleep(30);
      console.log("the sleeper is done");
    });
    console.log("main is done");
  },
  "quiet": async () => {
    spawn(() => {});
    await hub.join();
    console.log("main is done");
  },
  "failure": () => {
    const greenlet = spawn(() => {
      throw new RangeError("nobody looks");
    });
    greenlet.name = "loser";
  },
  "killed": async () => {
    const greenlet = spawn(async () => {
      const held = new Channel().get();
      await new Channel().get();
      await held;
    });
    await sleep(0);
    await greenlet.kill(new RangeError("seen by main"));
    await sleep(1);
    console.log("the greenlet is dead");
    await greenlet;
  },
};

const name = process.argv[2];
if (name !== undefined && Object.hasOwn(PROGRAMS, name)) {
  void (PROGRAMS[name] as () => unknown)();
}
