import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { progressBars } from "../../_runtime/progress_bars.ts";
import { Thread } from "../../thread/mod.ts";
import { realm } from "../../thread/realm.ts";

/** Calls a function while the standard error stream seems to be a terminal, and gives it what is written there. */
async function inTerminal(use: (written: () => string) => Promise<void>): Promise<void> {
  const { stderr } = process;
  const { isTTY, write } = stderr;
  let text = "";
  stderr.isTTY = true;
  stderr.write = (part: string | Uint8Array): boolean => {
    text += part;
    return true;
  };
  try {
    await use(() => {
      const all = text;
      text = "";
      return all;
    });
  } finally {
    stderr.isTTY = isTTY;
    stderr.write = write;
  }
}

Deno.test("progress bars make way for what the main thread prints", async () => {
  const { table } = realm();
  const { log } = console;
  await inTerminal(async (written) => {
    const bars = await progressBars(table);
    const first = bars.open("first", { done: 1, total: 2, failed: 0 });
    const second = bars.open("second", { done: 1, total: 2, failed: 0 });
    assertEquals(table.takeBarRows(), 2);
    table.barRows = 2;
    console.log("what is printed");
    assertEquals(table.takeBarRows(), 0);
    first.close();
    second.close();
    const last = written();
    assert(!last.startsWith("\x1b["), "the bars are drawn where the cursor is");
    assert(last.endsWith("\n"));
    assertEquals(table.takeBarRows(), 0);
  });
  assertEquals(console.log, log);
});

Deno.test("progress bars make way for what a thread prints", async () => {
  const { table } = realm();
  table.barRows = 1;
  await new Thread({ target: () => console.log("what is printed") }).start().join();
  assertEquals(table.takeBarRows(), 0);
});
