/**
 * Runs the tests: `deno task test [PATH…]`.
 *
 * Without paths, they run in two processes at once, since most of them wait more than they compute: two cores need less
 * than five minutes for all. What the second one prints comes after the first one's. The last line sums up.
 *
 * @module
 */
import process from "node:process";
import { attempt, type Outcome } from "./run.ts";

/** The folders whose tests run in the second process. */
const APART: readonly string[] = ["process", "examples", "model", "queue", "guesses"].map((
  folder,
) => `tests/${folder}`);

function test(args: readonly string[], quiet = false): Promise<Outcome> {
  return attempt(Deno.execPath(), ["test", "-A", "--doc", ...args], { quiet });
}

/** Counts what the last line of a run says, as `ok | 3 passed | 0 failed (2s)`. */
function count(output: string): [passed: number, failed: number] {
  const [, passed, failed] = /(\d+) passed.* \| (\d+) failed/.exec(
    // deno-lint-ignore no-control-regex -- the colours of a terminal
    output.replace(/\x1b\[[0-9;]*m/g, "").split("\n").findLast((line) =>
      line.includes(" passed ")
    ) ?? "",
  ) ?? [];
  return [Number(passed ?? 0), Number(failed ?? 0)];
}

async function main(paths: readonly string[]): Promise<boolean> {
  if (paths.length > 0) return (await test(paths)).ok;
  const started = performance.now();
  const runs = await Promise.all([
    test([`--ignore=${APART.join(",")}`], true).then((outcome) => {
      console.log(outcome.output);
      return outcome;
    }),
    test([...APART], true),
  ]);
  console.log(runs[1].output);
  const counts = runs.map(({ output }) => count(output));
  const passed = counts.reduce((sum, [passed]) => sum + passed, 0);
  const failed = counts.reduce((sum, [, failed]) => sum + failed, 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const ok = runs.every(({ ok }) => ok);
  console.log(`${ok ? "ok" : "FAILED"} | ${passed} passed | ${failed} failed (${seconds} s)`);
  return ok;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2)) ? 0 : 1;
