import { assertEquals, assertMatch } from "@std/assert";
import { runExample } from "./run_example.ts";

/** What each example prints on standard output, and on standard error if it does. */
const OUTPUT: Record<string, [stdout: string, stderr?: RegExp]> = {
  "square": ["49\n"],
  "pipeline": ["1229\n"],
  "task_done": ["0 1 4\n"],
  "primes": ["78498\n", /^.*100% {2}100\/100 .*\n$/],
  "as_completed": ["30 three is too many\n"],
  "cancel": ["true\ntrue\nnot needed any more\n"],
  "context": ["request 7\n"],
  "genlet": ["1 2 3 4 5\n"],
  "listener": ["hello\n"],
  "loop_exit": ["Cannot go on: nothing is left that could wake the greenlet that waits\n"],
  "point": ["5\n"],
};

for (const [name, [stdout, stderr]] of Object.entries(OUTPUT)) {
  Deno.test(`the example '${name}' prints what it says`, () => {
    const result = runExample(name);
    assertEquals([result.stdout, result.status], [stdout, 0], result.stderr);
    assertMatch(result.stderr, stderr ?? /^$/);
  });
}
