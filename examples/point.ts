// Sends an instance of a class to another thread: prints 5.
import { isMain, shareable, task, Thread } from "@nogil/std";

export const Point = shareable(
  import.meta,
  class Point {
    x = 0;
    y = 0;
    length(): number {
      return Math.hypot(this.x, this.y);
    }
  },
);

export const measure = task(import.meta, (point: InstanceType<typeof Point>) => point.length());

if (isMain(import.meta)) {
  const point = new Point();
  point.x = 3;
  point.y = 4;
  const thread = new Thread({ target: measure, args: [point] }).start();
  console.log(await thread.join());
}
