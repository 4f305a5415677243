// deno run --allow-read examples/point.ts
// Sends an instance of a class to another thread: prints 5.
import { isMain, task, Thread } from "@nogil/std";
import { Point } from "./point_class.ts";

export const measure = task(import.meta, (point: InstanceType<typeof Point>) => point.length());

if (isMain(import.meta)) {
  const point = new Point();
  point.x = 3;
  point.y = 4;
  const thread = new Thread({ target: measure, args: [point] }).start();
  console.log(await thread.join());
}
