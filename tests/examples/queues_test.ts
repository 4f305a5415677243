import { assert, assertEquals, assertMatch } from "@std/assert";
import { checkPrograms, lines, range } from "./run_example.ts";

/** What each program has to print; the order counts where the program fixes it. */
checkPrograms("Q", {
  Q1: lines(
    "size: 0 empty: true full: false",
    "size: 2 empty: false full: true",
    /^put: true Cannot put item: .*10 ms/,
    "putNowait: true Cannot put item: the queue is full",
    "tryPut: false",
    "get: one",
    "getSync: two",
    /^getSync: true Cannot get item: .*10 ms/,
    "getNowait: true Cannot get item: the queue is empty",
    "tryGet: null",
    "unfinished: 2",
    "all is done",
    /^Cannot .*done/,
    /^put: true Cannot put item: .*shut down/,
  ),
  Q2({ lines }) {
    const got = lines.slice(0, 10);
    for (const line of got) assertMatch(line, /^get: item \d+$/);
    assertEquals(new Set(got).size, 10);
    assertEquals(lines.slice(10), ["size: 2"]);
  },
  Q3({ lines }) {
    const tasks = lines.map((line) => Number(line.match(/^task (\d+) in slot \d$/)?.[1]));
    assertEquals(tasks.sort((a, b) => a - b), range(99, 1));
  },
  Q4(run) {
    // On a busy machine all tasks may have run before the others are thrown away.
    for (let attempts = 4; attempts > 0 && run.lines.length > 100; attempts--) run = run.again();
    const { lines } = run;
    const end = lines.indexOf("at most ten threads: true");
    const expected = range(50).map((n) => n === 13 ? "false null" : `true ${n * n}`);
    assertEquals(lines.slice(0, end).sort(), expected.sort());
    const rest = lines.slice(end + 1);
    assertEquals(rest.pop(), "threads: 1");
    assert(rest.length < 50);
  },
  Q5: lines("t11_condition", "t12_semaphore"),
});
