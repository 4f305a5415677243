// deno run --allow-read examples/threads/t10_boot.ts
// T10: a client waits for a server that takes a while to boot: first it looks again and again, then it is told.
import { Event, isMain, sleepSync, task, Thread, Value } from "@nogil/std";

export const serve = task(import.meta, (isUp: Value<"?">, up: Event): void => {
  sleepSync(100);
  isUp.value = true;
  up.set();
});

export const poll = task(import.meta, (isUp: Value<"?">): void => {
  while (!isUp.value) {
    console.log("not yet");
    sleepSync(20);
  }
  console.log("connected");
});

export const connect = task(import.meta, (up: Event): void => {
  up.waitSync();
  console.log("connected, and asked once");
});

if (isMain(import.meta)) {
  const isUp = new Value("?", false);
  const up = new Event();
  const poller = new Thread({ target: poll, args: [isUp] }).start();
  const server = new Thread({ target: serve, args: [isUp, up] }).start();
  await poller.join();
  await server.join();

  up.clear();
  const client = new Thread({ target: connect, args: [up] }).start();
  new Thread({ target: serve, args: [isUp, up] }).start();
  await client.join();
}
