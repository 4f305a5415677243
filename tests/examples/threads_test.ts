import { assert, assertEquals, assertMatch } from "@std/assert";
import { checkOverlap, checkPrograms, lines, range } from "./run_example.ts";

/** What each program has to print; the order counts where the program fixes it. */
checkPrograms("T", {
  T1(run) {
    assertEquals(
      run.lines.slice(0, 10).sort(),
      range(10).map((n) => `t.${n} has slept, number ${n}`),
    );
    checkOverlap(run, 10);
  },
  T2: lines("running on number: 1", "running on number: 2"),
  T3({ lines }) {
    const [printed] = lines.filter((line) => line.startsWith("I am reporter"));
    assertMatch(printed ?? "", /^I am reporter, number \d+$/);
    assertEquals(lines.filter((line) => line !== printed), [
      "name: Thread-1",
      "new name: reporter reporter",
      "ident before the start: null",
      "daemon: true alive: false",
      "alive: true",
      "Cannot set daemon of thread reporter: it was started",
      "threads: 2 MainThread, reporter",
      "I am MainThread",
      "same process: true",
      "alive: false threads: 1",
    ]);
  },
  T4: lines(...range(10, 1).map(String)),
  T5: lines(
    /^Cannot acquire lock: this thread holds it already .* nobody could ever release it/,
    "end.",
  ),
  T6: lines("200000"),
  T7({ lines }) {
    const order = [0, 100, 200].map((line) => lines[line]?.slice(0, 1) ?? "");
    assertEquals([...order].sort(), ["a", "b", "c"]);
    assertEquals(lines, order.flatMap((name) => range(100, 1).map((line) => `${name}: ${line}`)));
  },
  T8({ lines }) {
    const edges = lines.slice(0, 2).sort().join("\n");
    const [, plate, fork] = edges.match(
      /^Ada waits for Lock (\d+), which Bob holds\nBob waits for Lock (\d+), which Ada holds$/,
    ) ?? [];
    assert(plate !== undefined && fork !== undefined && plate !== fork, edges);
    assertEquals(lines.slice(2), [
      "Ada: WorkerLostError",
      "Bob: AbandonedError",
      "Ada has eaten",
      "Bob has eaten",
    ]);
  },
  T9: lines(...Array(10).fill("start"), "true?", ...Array(10).fill("execute")),
  T10(run) {
    // On a busy machine the server may be up before anybody has asked.
    for (let attempts = 4; attempts > 0 && run.lines[0] !== "not yet"; attempts--) {
      run = run.again();
    }
    const { lines } = run;
    assertEquals(lines[0], "not yet");
    assertEquals(lines.filter((line) => line !== "not yet"), [
      "connected",
      "connected, and asked once",
    ]);
    assertEquals(lines.slice(-2), ["connected", "connected, and asked once"]);
  },
  T11: lines(
    "consumer before wait",
    "consumer before wait",
    "producer before notifyAll",
    "producer after notifyAll",
    "consumer after wait",
    "consumer after wait",
  ),
  T12({ lines }) {
    assertEquals(lines.length, 10);
    for (const line of lines) assertMatch(line, /^inside: [1-5]$/);
  },
  T13: lines("in the thread: 0 here: 100", "shared: 0"),
  T14({ lines, took }) {
    assertEquals(lines, ["the daemon begins", "the program ends"]);
    assert(took < 50_000);
  },
}, { T9: "maybe\ntrue\n" });
