/**
 * Tests the npm package on Node: `deno task test:node [--jobs=N] [PART OF A TEST'S PATH…]`.
 *
 * The package is built, installed from its file into an empty folder, and there
 *
 * - the same tests as on Deno run against the installed files, on the Node that is on the `PATH` and on Node 24;
 * - `tsc --strict` checks a consumer of every export;
 * - a plain program runs on each Node.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import { join } from "node:path/posix";
import { findNodes, inNodeTree, type Node, transpile } from "./node_tree.ts";
import { attempt, ROOT } from "./run.ts";

/** Milliseconds that one file of tests may take. */
const TIMEOUT = 300_000;

/** The sum of what happened. */
const totals = { passed: 0, failed: 0, skipped: 0 };

async function main(): Promise<void> {
  const filters = Deno.args.filter((arg) => !arg.startsWith("--"));
  const jobs = Number(Deno.args.find((arg) => arg.startsWith("--jobs="))?.slice(7) ?? 2);
  const nodes = await findNodes();
  await inNodeTree(async (work) => {
    if (filters.length === 0) await checkConsumer(work);
    for (const node of nodes) {
      console.log(`\nNode ${node.version}`);
      const tree = join(work, node.major);
      const tests = (await transpile(tree, node, ["tests", "examples"]))
        .filter((path) => path.endsWith("_test.ts"));
      const chosen = tests.filter((path) =>
        filters.length === 0 || filters.some((filter) => path.includes(filter))
      );
      if (chosen.length === 0) throw new Error("Cannot test on Node: no test has such a path");
      if (filters.length === 0) await runConsumer(work, node);
      await runTests(tree, node, chosen, jobs);
    }
  });
  const { passed, failed, skipped } = totals;
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed > 0) Deno.exit(1);
}

/** Runs the tests, each file in a process of its own. */
async function runTests(
  tree: string,
  node: Node,
  paths: readonly string[],
  jobs: number,
): Promise<void> {
  const queue = [...paths];
  await Promise.all(Array.from({ length: jobs }, async () => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      await runTest(tree, node, path);
    }
  }));
}

async function runTest(tree: string, node: Node, path: string): Promise<void> {
  const started = performance.now();
  const { ok, ending, output, stdout } = await attempt(
    node.binary,
    ["--test-reporter=tap", "--test-reporter-destination=stdout", path.replace(/\.ts$/, ".js")],
    {
      cwd: tree,
      env: { NO_COLOR: "1", NOGIL_DENO: Deno.execPath() },
      timeout: TIMEOUT,
      quiet: true,
    },
  );
  const [passed, failed, skipped] = ["pass", "fail|cancelled", "skipped"].map((word) =>
    [...stdout.matchAll(new RegExp(`^# (?:${word}) (\\d+)$`, "gm"))]
      .reduce((sum, [, count]) => sum + Number(count), 0)
  ) as [number, number, number];
  const problem = !ok
    ? ending
    : passed + skipped === 0
    ? "it ran no test"
    : failed > 0
    ? "failed"
    : null;
  totals.passed += passed;
  totals.failed += problem === null ? failed : Math.max(failed, 1);
  totals.skipped += skipped;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${
      problem === null ? "ok  " : "FAIL"
    } ${path}: ${passed} passed, ${failed} failed (${seconds} s)`,
  );
  if (problem !== null) console.log(`${output}\n${path} on Node ${node.version}: ${problem}`);
}

/** Checks the types that a consumer of the package sees. */
async function checkConsumer(work: string): Promise<void> {
  await cp(join(ROOT, "tests/node/consumer"), work, { recursive: true });
  const tsc = join(work, "node_modules/typescript/bin/tsc");
  report("tsc --strict on a consumer", await attempt("node", [tsc], { cwd: work, quiet: true }));
}

/** Runs the plain consumer program, and where Node takes that, one in TypeScript. */
async function runConsumer(work: string, node: Node): Promise<void> {
  const options = { cwd: work, timeout: TIMEOUT, quiet: true };
  report("a plain program", await attempt(node.binary, ["program.js"], options));
  if (Number(node.major) < 24) return;
  report("a program in TypeScript", await attempt(node.binary, ["program.mts"], options));
}

function report(name: string, { ok, ending, output }: Awaited<ReturnType<typeof attempt>>): void {
  console.log(`${ok ? "ok  " : "FAIL"} ${name}`);
  if (!ok) console.log(`${output}\n${name}: ${ending}`);
  totals[ok ? "passed" : "failed"]++;
}

if (import.meta.main) await main();
