import { assertEquals, assertRejects } from "@std/assert";
import { AbandonedError, WorkerLostError } from "../../errors.ts";
import { type AnyProcess, JoinableQueue, Process } from "../../process/mod.ts";
import { joinAs } from "../conformance/queue_support.ts";
import { COLOURS, until } from "../conformance/support.ts";
import { takeAndReport, takeAndWait, takeWaitReport } from "../queue/tasks.ts";

/** Milliseconds after which something counts as hanging. */
const LIMIT = { timeout: 60_000 };

/** Kills a process and waits for its end. */
async function kill(child: AnyProcess): Promise<void> {
  child.kill();
  await assertRejects(() => child.join(LIMIT), WorkerLostError);
}

for (const colour of COLOURS) {
  Deno.test(`JoinableQueue.join() tells that an item is lost with a dead process [${colour}]`, async () => {
    const [queue, door] = [new JoinableQueue<unknown>(), new JoinableQueue<unknown>()];
    for (const n of [1, 2]) queue.putNowait(n);
    const news = new JoinableQueue<unknown>();
    const victim = new Process({ target: takeAndWait, args: [queue, news] }).start();
    await news.get(LIMIT);
    const worker = new Process({ target: takeWaitReport, args: [queue, door] }).start();
    await until(() => queue.empty(), "the second child");
    victim.kill();
    door.putNowait("go on");
    // The parent may block while its child dies.
    await assertRejects(() => joinAs(queue, colour, LIMIT), AbandonedError, "1 item was lost");
    await assertRejects(() => victim.join(LIMIT), WorkerLostError);
    queue.putNowait("again");
    queue.taskDone();
    door.putNowait("go on");
    await joinAs(queue, colour, LIMIT);
    await kill(worker);
    await joinAs(queue, colour, LIMIT);
  });
}

Deno.test("JoinableQueue.join() settles after a process was killed at any moment", async () => {
  const queue = new JoinableQueue<unknown>();
  for (let round = 0; round < 4; round++) {
    const victim = new Process({ target: takeAndReport, args: [queue, "blocking"] }).start();
    await queue.put("first");
    await queue.join(LIMIT);
    for (let n = 0; n < 20_000; n++) queue.putNowait(n);
    await until(() => queue.qsize() < 20_000 - 100 * round, "the child");
    await kill(victim);
    while (queue.tryGet() !== null) queue.taskDone();
    const left = queue.unfinishedTasks;
    const error: unknown = await queue.join(LIMIT).then(() => null, (error) => error);
    assertEquals([left, error instanceof AbandonedError], left === 0 ? [0, false] : [1, true]);
    if (left > 0) queue.taskDone();
    await queue.join(LIMIT);
  }
});
