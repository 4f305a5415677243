// deno run --allow-read examples/task_done.ts
// As the example of Python's queue module: a thread reports each item as done, and main joins the queue: prints 0 1 4.
import { isMain, Queue, task, Thread } from "@nogil/std";

export const worker = task(import.meta, (items: Queue<number>, squares: Queue<number>) => {
  for (;;) {
    const item = items.getSync();
    squares.putSync(item * item);
    items.taskDone();
  }
});

if (isMain(import.meta)) {
  const items = new Queue<number>();
  const squares = new Queue<number>();
  new Thread({ target: worker, args: [items, squares], daemon: true }).start();
  for (const item of [0, 1, 2]) items.putSync(item);
  await items.join(); // until taskDone() was called for each item
  console.log(squares.getNowait(), squares.getNowait(), squares.getNowait());
}
