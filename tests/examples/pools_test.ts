import { assertEquals } from "@std/assert";
import { checkPrograms, lines, range } from "./run_example.ts";

/** What each program has to print; the order counts where the program fixes it. */
checkPrograms("O", {
  O1({ lines }) {
    assertEquals(lines[0], "end");
    assertEquals(lines.slice(1).sort(), range(10, 100).map((n) => `callback: ${n}`));
  },
  O2({ stdout }) {
    const squares = range(10).map((n) => n * n);
    const numbers = /\[[^\]]*\]/g;
    const arrays = stdout.match(numbers) ?? [];
    assertEquals(arrays.map((text) => JSON.parse(text)), [squares, squares]);
    assertEquals(stdout.replace(numbers, "[]").trimEnd().split("\n"), [
      "[]",
      "[]",
      "400",
      "in another process: true",
      "in other processes: true",
      "we lacked patience and got a TimeoutError",
      "the pool is there for more work: 49",
      "now the pool is closed, and all its work is done",
    ]);
  },
  O4({ lines }) {
    const tasks = lines.slice(0, 30).map((line) =>
      Number(line.match(/^task (\d+) in worker_[012]$/)?.[1])
    );
    assertEquals(tasks.sort((a, b) => a - b), range(30));
    assertEquals(lines.slice(30), [
      "at most three threads: true",
      "in other processes: true",
      "by default: true",
    ]);
  },
  O5: lines(
    "CLIENT 1",
    "CLIENT 2",
    "CLIENT 3",
    "CLIENT 4",
    "the fifth is served at once: false",
    "CLIENT 5",
  ),
});
