// deno run --allow-read examples/square.ts
// Runs a function of this module in another thread: prints 49.
import { isMain, task, Thread } from "@nogil/std";

export const square = task(import.meta, (x: number) => x * x);

if (isMain(import.meta)) {
  const thread = new Thread({ target: square, args: [7] }).start();
  console.log(await thread.join()); // 49
}
