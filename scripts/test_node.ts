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
import * as esbuild from "esbuild";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path/posix";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import process from "node:process";
import { buildNpm } from "./build_npm.ts";
import { LIBRARY } from "./check_layers.ts";
import { attempt, ROOT, run } from "./run.ts";
import { scan } from "./scan.ts";
import { DENO_ONLY } from "../tests/node/deno_only.ts";

const PACKAGE = "node_modules/@nogil/std";
const SHIM = "tests/node/shim.ts";
const SECOND_NODE = "24";
/** Milliseconds that one file of tests may take. */
const TIMEOUT = 120_000;

/** What the tests and the type check need beside the package. */
const DEPENDENCIES = [
  "cli-progress@3.12.0",
  "deno-std@1.4.0",
  "fast-check@4.10.2",
  "typescript@5.9.3",
  "@types/node@20.19.25",
];

/** What stands for a bare import of the tests on Node. */
const BARE_IMPORTS: Record<string, string> = {
  "@std/assert": "deno-std/assert/mod.js",
  "@std/async": "deno-std/async/mod.js",
};

/** A Node to test on. */
interface Node {
  binary: string;
  /** `"v20.20.2"`. */
  version: string;
  major: string;
}

/** The sum of what happened. */
const totals = { passed: 0, failed: 0, skipped: 0 };

async function main(): Promise<void> {
  const filters = Deno.args.filter((arg) => !arg.startsWith("--"));
  const jobs = Number(Deno.args.find((arg) => arg.startsWith("--jobs="))?.slice(7) ?? 1);
  const [file, nodes] = await Promise.all([buildNpm(), findNodes()]);
  const work = await mkdtemp(join(tmpdir(), "nogil-node-"));
  try {
    await install(work, [file, ...DEPENDENCIES]);
    if (filters.length === 0) await checkConsumer(work);
    for (const node of nodes) {
      console.log(`\nNode ${node.version}`);
      const tree = join(work, node.major);
      const tests = await transpileTests(tree, node);
      const chosen = tests.filter((path) =>
        filters.length === 0 || filters.some((filter) => path.includes(filter))
      );
      if (chosen.length === 0) throw new Error("Cannot test on Node: no test has such a path");
      if (filters.length === 0) await runConsumer(work, node);
      await runTests(tree, node, chosen, jobs);
    }
  } finally {
    await esbuild.stop();
    await rm(work, { recursive: true, force: true });
  }
  const { passed, failed, skipped } = totals;
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed > 0) Deno.exit(1);
}

/** Installs packages with npm into an empty folder. */
async function install(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const flags = ["--prefix", folder, "--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", ["install", ...flags, ...packages], { cwd: folder, quiet: true });
}

/** Finds the Node on the `PATH`, and gets Node 24 from npm, once. */
async function findNodes(): Promise<Node[]> {
  const nodes = [await nodeAt("node")];
  if (nodes[0]?.major === SECOND_NODE) return nodes;
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const folder = join(ROOT, "dist", "cache", name);
  const binary = join(folder, "node_modules", name, "bin", "node");
  const cached = await nodeAt(binary).catch(() => null);
  if (cached?.major !== SECOND_NODE) await install(folder, [`${name}@${SECOND_NODE}`]);
  nodes.push(await nodeAt(binary));
  return nodes;
}

async function nodeAt(binary: string): Promise<Node> {
  const version = (await run(binary, ["--version"], { quiet: true })).trim();
  return { binary, version, major: version.slice(1).split(".")[0] ?? "" };
}

/**
 * Writes the tests, their fixtures and the examples as JavaScript below `tree` and returns the paths of the tests.
 */
async function transpileTests(tree: string, { major }: Node): Promise<string[]> {
  const sources: string[] = [];
  for (const folder of ["tests", "examples"]) {
    const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .catch(() => []);
    for (const entry of entries) {
      const path = relative(ROOT, join(entry.parentPath, entry.name));
      if (!entry.isFile() || /^tests\/(types|jsr|node\/consumer)\//.test(path)) continue;
      if (!isDenoOnly(path)) sources.push(path);
    }
  }
  await Promise.all(sources.map(async (path) => {
    const target = join(tree, path.replace(/\.ts$/, ".js"));
    await mkdir(dirname(target), { recursive: true });
    if (!path.endsWith(".ts")) return await cp(join(ROOT, path), target);
    const source = rewrite(path, await readFile(join(ROOT, path), "utf8"));
    const { code } = await esbuild.transform(source, {
      loader: "ts",
      sourcefile: path,
      target: `node${major}`,
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    await writeFile(target, code);
  }));
  return sources.filter((path) => path.endsWith("_test.ts")).sort();
}

function isDenoOnly(path: string): boolean {
  return Object.keys(DENO_ONLY).some((prefix) => path.startsWith(prefix));
}

/**
 * Makes a source of the repository fit the installed package: paths to the library lead to the package, other paths
 * from `.ts` to `.js`, and `Deno.test` becomes the shim's `test`.
 */
function rewrite(path: string, source: string): string {
  const tokens = scan(source);
  let result = "";
  let done = 0;
  let usesShim = false;
  function replace(start: number, end: number, text: string): void {
    result += source.slice(done, start) + text;
    done = end;
  }
  tokens.forEach((token, i) => {
    const file = token.kind === "string" && /^\.\.?\/.*\.ts$/.test(token.text)
      ? join(dirname(path), token.text)
      : null;
    if (file !== null && existsSync(join(ROOT, file))) {
      replace(token.start + 1, token.end - 1, fromTree(path, file));
    } else if (token.kind === "string" && Object.hasOwn(BARE_IMPORTS, token.text)) {
      replace(token.start + 1, token.end - 1, BARE_IMPORTS[token.text] as string);
    } else if (
      token.text === "Deno" && tokens[i - 1]?.text !== "." && tokens[i + 2]?.text === "test"
    ) {
      usesShim = true;
      replace(token.start, (tokens[i + 2] ?? token).end, "__denoTest");
    }
  });
  result += source.slice(done);
  const shim = `import { test as __denoTest } from "${fromTree(path, SHIM)}";`;
  return usesShim ? shim + result : result;
}

/** Gives the specifier by which the module at `from` imports the one at `to`, both in the repository. */
function fromTree(from: string, to: string): string {
  const inLibrary = LIBRARY.includes(to.split("/")[0] as string);
  const target = (inLibrary ? join("..", PACKAGE, to) : to).replace(/\.ts$/, ".js");
  const path = relative(join("/tree", dirname(from)), join("/tree", target));
  return path.startsWith(".") ? path : `./${path}`;
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
    { cwd: tree, env: { NO_COLOR: "1" }, timeout: TIMEOUT, quiet: true },
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

/** Runs the plain consumer program. */
async function runConsumer(work: string, node: Node): Promise<void> {
  report(
    "a plain program",
    await attempt(node.binary, ["program.js"], { cwd: work, timeout: TIMEOUT, quiet: true }),
  );
}

function report(name: string, { ok, ending, output }: Awaited<ReturnType<typeof attempt>>): void {
  console.log(`${ok ? "ok  " : "FAIL"} ${name}`);
  if (!ok) console.log(`${output}\n${name}: ${ending}`);
  totals[ok ? "passed" : "failed"]++;
}

if (import.meta.main) await main();
