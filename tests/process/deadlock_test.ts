import { assertEquals, assertRejects } from "@std/assert";
import { WorkerLostError } from "../../errors.ts";
import { Process } from "../../process/mod.ts";
import { Barrier, type DeadlockEdge, detectDeadlocks, Lock } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { until } from "../conformance/support.ts";
import { embrace } from "./deadlock_tasks.ts";

const scope = "process";
const LIMIT = { timeout: 60_000 };

async function theOnlyCycle(): Promise<DeadlockEdge[]> {
  let cycles: DeadlockEdge[][] = [];
  await until(() => (cycles = detectDeadlocks()).length > 0, "a deadlock");
  assertEquals(cycles.length, 1);
  return (cycles[0] as DeadlockEdge[]).toSorted((a, b) => a.waiter < b.waiter ? -1 : 1);
}

Deno.test("detectDeadlocks() finds a process and a thread that lock each other out", async () => {
  const [one, two] = [new Lock({ scope }), new Lock({ scope })];
  const meeting = new Barrier(2, { scope });
  const process = new Process({ target: embrace, args: [one, two, meeting] }).start();
  const thread = new Thread({ target: embrace, args: [two, one, meeting], name: "the thread" })
    .start();
  const child = `process ${process.pid}`;
  const [first, second] = await theOnlyCycle();
  assertEquals([first?.waiter, first?.holder, first?.scope], [child, "the thread", scope]);
  assertEquals([second?.waiter, second?.holder, second?.type], ["the thread", child, "Lock"]);
  assertEquals(first?.lock === second?.lock, false);
  process.kill();
  await assertRejects(() => process.join(LIMIT), WorkerLostError);
  assertEquals(await thread.join(LIMIT), true);
  assertEquals(detectDeadlocks(), []);
});

Deno.test("detectDeadlocks() follows locks of both scopes", async () => {
  const [near, far] = [new Lock(), new Lock({ scope })];
  const meeting = new Barrier(2);
  const a = new Thread({ target: embrace, args: [near, far, meeting], name: "a" }).start();
  const b = new Thread({ target: embrace, args: [far, near, meeting], name: "b" }).start();
  const cycle = await theOnlyCycle();
  assertEquals(
    cycle.map(({ waiter, holder, scope, blocked }) => [waiter, holder, scope, blocked]),
    [["a", "b", "process", true], ["b", "a", "thread", true]],
  );
  a.kill();
  await assertRejects(() => a.join(LIMIT), WorkerLostError);
  assertEquals(await b.join(LIMIT), true);
});
