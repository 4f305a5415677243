import { assertEquals } from "@std/assert";
import { GreenletExit } from "../../errors.ts";
import { hub, idle, sleep, spawn, Timeout } from "../../coroutine/mod.ts";

/** A promise that nobody can interrupt, until the test lets it go. */
function unreachable(): { promise: Promise<void>; letGo: () => void } {
  let letGo: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return { promise, letGo: () => letGo() };
}

/** Waits until all alarms have gone off. */
async function alarmsAreOver(): Promise<void> {
  while (hub.statistics().sleeping > 0) await new Promise((resolve) => setTimeout(resolve));
  await idle();
}

Deno.test("Timeout that ends after a kill which has met no wait does not take its place", async () => {
  const { promise, letGo } = unreachable();
  const log: string[] = [];
  const greenlet = spawn(async () => {
    const timeout = Timeout.startNew(1);
    await promise;
    timeout.cancel();
    log.push("at the next wait");
    await sleep(0);
    log.push("went on");
  });
  await sleep(0);
  const killed = greenlet.kill(null, { grace: Infinity });
  await alarmsAreOver();
  letGo();
  await killed;
  const value: unknown = greenlet.value;
  assertEquals([log, value instanceof GreenletExit], [["at the next wait"], true]);
});

Deno.test("Timeout inside another one whose time is up does not take its place", async () => {
  const { promise, letGo } = unreachable();
  const greenlet = spawn(async () => {
    const outer = Timeout.startNew(1, "outer");
    const inner = Timeout.startNew(1, "inner");
    await promise;
    inner.cancel();
    try {
      await sleep(60_000);
    } catch (error) {
      return error === outer;
    }
  });
  await sleep(0);
  await alarmsAreOver();
  letGo();
  assertEquals(await greenlet, true);
});

Deno.test("Greenlet.kill() again, before the first one has met a wait, is the one that counts", async () => {
  const { promise, letGo } = unreachable();
  const log: unknown[] = [];
  const greenlet = spawn(async () => {
    await promise;
    try {
      await sleep(60_000);
    } catch (error) {
      log.push((error as Error).message);
      await sleep(0);
      log.push("cleaned up");
    }
  });
  await sleep(0);
  const kills = ["first", "second"].map((message) => greenlet.kill(new Error(message)));
  letGo();
  await Promise.all(kills);
  assertEquals(log, ["second", "cleaned up"]);
});
