import { assert, assertEquals, assertMatch } from "@std/assert";
import { checkPrograms, lines } from "./run_example.ts";

/** What each program has to print; the order counts where the program fixes it. */
checkPrograms("C", {
  C1: lines("a 1", "b 1", "a 2", "b 2", "a 3", "b 3", "b 4", "b 5", "both are exhausted"),
  C2: lines("12 56 34 78", "0 0 1 1 2 2 3 3 4 4"),
  C3: lines("foo", "bar", "foo again", "bar again"),
  C4: lines(
    "Ada eats the first course",
    "Bob plays the first game",
    "Bob plays the second game",
    "Ada eats the second course",
  ),
  C5(run) {
    assertEquals(run.lines.slice(0, 6), [
      "GET /1200",
      "GET /800",
      "GET /400",
      "400 bytes of /400",
      "800 bytes of /800",
      "1200 bytes of /1200",
    ]);
    // On a busy machine one measurement says little.
    for (let attempts = 4; attempts > 0; attempts--) {
      const [, took] = run.lines[6]?.match(/^all took (\d+) ms$/) ?? [];
      assert(Number(took) >= 1190, run.stdout);
      if (Number(took) < 2400) return;
      run = run.again();
    }
    throw new Error(`it took as long as all together: ${run.stdout}`);
  },
  C6({ lines }) {
    assertEquals(lines.length, 1);
    assertMatch(lines[0] ?? "", /^200 answers in \d+ ms$/);
  },
  C7: lines("meanwhile", "fetching", /^{ data: ['"]Fetched data['"] }$/, "never more than 3"),
  C8({ lines }) {
    assertEquals(lines[0], "            200 pauses   primes below 400 000");
    const kinds = lines.slice(1).map((line) =>
      line.match(/^(\w+) +\d+ ms +\d+ ms, 33860 found$/)?.[1]
    );
    assertEquals(kinds, ["coroutines", "threads", "processes"]);
  },
});
