/**
 * Runs the tests: `deno task test [PATH…]`.
 *
 * Without paths, they run in parts, some parts at once, since most tests wait more than they compute. What a part prints
 * comes when it has ended. The last line sums up.
 *
 * @module
 */
import process from "node:process";
import { attempt, type Outcome } from "./run.ts";

/** Parts that run at once: more than two cores need, as many tests sleep. */
const AT_ONCE = 3;

/** The folders of tests that make parts of their own, those that take longest first. */
const FOLDERS: readonly string[][] = [["pool"], ["process"], ["queue", "model"]];
const LAST: readonly string[] = ["examples", "guesses"];

/** What each part tells `deno test`; the last runs the examples in comments and in Markdown. Types are a gate of their own. */
const PARTS: readonly (readonly string[])[] = [
  ...FOLDERS.map(paths),
  [`--ignore=${paths([...FOLDERS.flat(), ...LAST]).join(",")}`, "tests"],
  paths(LAST),
  ["--doc", "--ignore=tests"],
].map((part) => ["--no-check", ...part]);

function paths(folders: readonly string[]): string[] {
  return folders.map((folder) => `tests/${folder}`);
}

function test(args: readonly string[], quiet = false): Promise<Outcome> {
  return attempt(Deno.execPath(), ["test", "-A", ...args], { quiet });
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
  if (paths.length > 0) return (await test(["--doc", ...paths])).ok;
  const started = performance.now();
  const [left, outcomes]: [string[][], Outcome[]] = [PARTS.map((part) => [...part]), []];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      const outcome = await test(part, true);
      console.log(outcome.output);
      outcomes.push(outcome);
    }
  }));
  const counts = outcomes.map(({ output }) => count(output));
  const passed = counts.reduce((sum, [passed]) => sum + passed, 0);
  const failed = counts.reduce((sum, [, failed]) => sum + failed, 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const ok = outcomes.every(({ ok }) => ok);
  console.log(`${ok ? "ok" : "FAILED"} | ${passed} passed | ${failed} failed (${seconds} s)`);
  return ok;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2)) ? 0 : 1;
