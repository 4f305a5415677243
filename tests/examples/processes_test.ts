import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import process from "node:process";
import { checkOverlap, checkPrograms, lines, range } from "./run_example.ts";

/** Waits until there is no process with this pid. */
function waitUntilGone(pid: number): void {
  const look = (): void => void process.kill(pid, 0);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + 60_000;
  while (performance.now() < end) {
    try {
      look();
    } catch {
      break;
    }
    Atomics.wait(cell, 0, 0, 20);
  }
  assertThrows(look);
}

/** What each program has to print; the order counts where the program fixes it. */
checkPrograms("P", {
  P1: lines("Hello, Ada", "Hello, Grace"),
  P2: lines("Hello, Ada", "my name is Process-1"),
  P3(run) {
    assertEquals(run.lines.slice(0, 3).sort(), [1, 2, 3].map((n) => `process ${n} has slept`));
    checkOverlap(run, 3);
  },
  P4: lines("in the child: 0", "in the parent: 100"),
  P5: lines(
    "I am MainProcess",
    "before: null null false",
    "started: true",
    "the child is child",
    "its pid from both sides: true true",
    "joined: false 0",
    "WorkerLostError",
    "terminated: false -15",
  ),
  P6({ lines }) {
    const [, pid] = lines[0]?.match(/^empress (\d+): long live the emperor$/) ?? [];
    assert(pid !== undefined, lines[0]);
    assertEquals(lines.slice(1), ["emperor: farewell"]);
    waitUntilGone(Number(pid));
  },
  P7: lines("3.1415927", "0 -1 -2 -3 -4 -5 -6 -7 -8 -9"),
  P8: lines(
    "b 1 bytes, -128 to 127, one more is -128",
    "B 1 bytes, 0 to 255, one more is 0",
    "h 2 bytes, -32768 to 32767, one more is -32768",
    "H 2 bytes, 0 to 65535, one more is 0",
    "i 4 bytes, -2147483648 to 2147483647, one more is -2147483648",
    "I 4 bytes, 0 to 4294967295, one more is 0",
    "l 8 bytes, -9223372036854775808 to 9223372036854775807, one more is -9223372036854775808",
    "L 8 bytes, 0 to 18446744073709551615, one more is 0",
    "f 4 bytes, whole numbers to 16777216, one more is 16777216",
    "d 8 bytes, numbers to 1.8e308, what is more is Infinity",
    "c 1 byte: 65",
    "u 4 bytes, one code point: 語",
    /^Cannot create Value: type code "b"/,
  ),
  P9({ lines }) {
    const rows = range(20).map((n) => Array(8).fill(n).join(" "));
    assertEquals([...lines].sort(), rows.sort());
  },
  P11(run) {
    const expected = ["with a lock, sold: 3", "without, more than three: true"];
    // On a busy machine the clients may come one after the other.
    for (let attempts = 4; attempts > 0 && run.lines[1] !== expected[1]; attempts--) {
      run = run.again();
    }
    assertEquals(run.lines, expected);
  },
  P12({ lines }) {
    assertEquals(lines.slice(0, 4), ["size: 3 full: true", "a", "b", "c"]);
    assertEquals(lines.slice(4, 14).sort(), range(10).map((n) => `got item ${n}`));
    assertEquals(lines.slice(14), ["left: 0"]);
  },
  P13({ lines }) {
    const eaten = lines.slice(0, -1);
    for (const line of eaten) assertMatch(line, /^(Ada|Bob) eats hot dog [1-4] of (Cem|Dora|Eve)$/);
    assertEquals(new Set(eaten.map((line) => line.slice(4))).size, 12);
    assertEquals([eaten.length, lines.at(-1)], [12, "main over"]);
  },
  P14: lines("it is me, your child"),
});
