import { assertEquals, assertRejects } from "@std/assert";
import { callOnAbort } from "../../_core/abort_calls.ts";
import { asCompleted, Event, Future, Queue, ThreadPool, wait } from "../../mod.ts";

Deno.test("callOnAbort() calls all who wait for a signal, unless they have left", () => {
  const controller = new AbortController();
  const called: number[] = [];
  const leave = Array.from(
    { length: 100 },
    (_, k) => callOnAbort(controller.signal, () => called.push(k)),
  );
  for (let k = 0; k < 100; k += 2) leave[k]?.();
  controller.abort();
  leave[1]?.();
  assertEquals(called, Array.from({ length: 50 }, (_, k) => 2 * k + 1));
  const other = new AbortController();
  callOnAbort(other.signal, () => called.push(-1))();
  other.abort();
  assertEquals(called.length, 50);
});

Deno.test("however many waits have a signal, one listener is at it, and none when they have ended", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const { addEventListener, removeEventListener } = signal;
  let listeners = 0;
  let most = 0;
  signal.addEventListener = (...args: unknown[]) => {
    most = Math.max(most, ++listeners);
    addEventListener.apply(signal, args as never);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    removeEventListener.apply(signal, args as never);
  };
  const [event, queue, future] = [new Event(), new Queue<number>(), new Future<number>()];
  await using pool = new ThreadPool(1);
  const block = pool.applyAsync((event: Event) => event.waitSync(), [event]);
  const begin = (): Promise<unknown>[] =>
    Array.from({ length: 12 }, () => [
      event.wait({ signal }),
      queue.get({ signal }),
      future.result({ signal }),
      wait([future], { signal }),
      asCompleted([future], { signal }).next(),
      pool.apply((x: number) => x, [1], { signal }),
      pool.map((x: number) => x, [1, 2], { signal }),
      pool.imap((x: number) => x, [1]).next({ signal }),
      block.get({ signal }),
    ]).flat();
  const first = begin();
  future.setResult(1);
  for (let item = 0; item < 12; item++) queue.putNowait(item);
  event.set();
  await Promise.all(first);
  assertEquals([listeners, most], [0, 1]);
  event.clear();
  const second = [event.wait({ signal }), queue.get({ signal })];
  controller.abort(new RangeError("enough"));
  for (const waiting of second) await assertRejects(() => waiting, RangeError, "enough");
});
