import { assertEquals, assertThrows } from "@std/assert";
import { getCurrent, RawGreenlet } from "../../coroutine/mod.ts";
import { UnshareableError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { countInGreenlet } from "./tasks.ts";

Deno.test("G10 G19 G37 RawGreenlet does not travel to another thread", () => {
  const text = "it belongs to the thread that made it";
  for (const greenlet of [new RawGreenlet(() => 1), getCurrent()]) {
    assertThrows(() => new Queue().putNowait({ greenlet }), UnshareableError, text);
    assertThrows(
      () => new Thread({ target: (g: unknown) => typeof g, args: [greenlet] }).start(),
      UnshareableError,
      text,
    );
  }
});

Deno.test("G11 greenlets of different threads do not know of each other", async () => {
  const threads = [3, 10, 1000].map((n) =>
    new Thread({ target: countInGreenlet, args: [n] }).start()
  );
  assertEquals(countInGreenlet(7), 7);
  assertEquals(await Promise.all(threads.map((thread) => thread.join())), [3, 10, 1000]);
});
