// Starts processes from the published package: with a task of this module, and with a self-contained function.
import { currentProcess, isMain, Process, Queue, task } from "jsr:@nogil/std@^0.1.0";

export const produce = task(import.meta, async (queue: Queue<number>): Promise<string> => {
  for (let i = 0; i < 10; i++) await queue.put(i);
  return `${currentProcess().name} in ${import.meta.url}`;
});

if (isMain(import.meta)) {
  const queue = new Queue<number>(2, { scope: "process" });
  const child = new Process({ target: produce, args: [queue], name: "Producer" }).start();
  for (let i = 0; i < 10; i++) {
    if (await queue.get() !== i) throw new Error("Wrong item");
  }
  const answer = await child.join();
  if (answer !== `Producer in ${import.meta.url}`) throw new Error(`Wrong answer: ${answer}`);

  await Process.prewarm(1);
  const square = new Process({ target: (x: number) => x * x, args: [7] }).start();
  if (square.joinSync() !== 49) throw new Error("Wrong result");

  // What a function needs to travel is loaded when there is one.
  const maker = new Process({ target: () => (x: number) => x + 1 }).start();
  if ((await maker.join())(1) !== 2) throw new Error("Wrong function");
  const forbidden = new Process({
    target: () => (x: number) => x + 1,
    permissions: { import: false, run: false, ffi: false },
  }).start();
  const end = await forbidden.join().then(() => "a function", (error) => error.name);
  if (end === "a function") throw new Error("It has left the sandbox");

  const sandboxed = new Process({
    target: () => Deno.permissions.querySync({ name: "net" }).state,
    permissions: { net: false, run: false, ffi: false },
  }).start();
  const state = await sandboxed.join();
  if (state === "granted") throw new Error("It is no sandbox");
}
