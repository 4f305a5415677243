// deno run examples/coroutines/c7_tasks.ts
// C7: a task that fetches something for a while; then ten tasks, of which a semaphore lets three in.
import { createTask, gather, run, Semaphore, sleep } from "@nogil/std";

async function fetchData(): Promise<{ data: string }> {
  console.log("fetching");
  await sleep(100);
  return { data: "Fetched data" };
}

const seats = new Semaphore(3, { scope: "local" });
let inside = 0;
let most = 0;

async function visit(): Promise<void> {
  using _ = await seats.acquire();
  most = Math.max(most, ++inside);
  await sleep(10);
  inside--;
}

async function main(): Promise<void> {
  const task = createTask(fetchData);
  console.log("meanwhile");
  console.log(await task);
  await gather(Array.from({ length: 10 }, () => createTask(visit)));
  console.log("never more than", most);
}

await run(main);
