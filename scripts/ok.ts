/**
 * Runs every gate of the repository, one after the other: `deno task ok`.
 *
 * The last line counts the gates, as `10 passed, 0 failed`. With `--passed=NAME` or `--failed=NAME` a gate that ran
 * before is counted and not run again.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, ROOT } from "./run.ts";

const { exports } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
const ENTRYPOINTS: string[] = Object.values(exports);

/** What has examples that are checked, besides the comments in the code. */
const MARKDOWN: string[] = ["README.md", ...markdownIn("docs")];

/** The arguments of `deno` for each gate, the quick ones first. */
const GATES: Readonly<Record<string, readonly string[]>> = {
  "fmt": ["fmt", "--check"],
  "lint": ["lint"],
  "layers": ["task", "layers"],
  "snippets": ["task", "snippets"],
  "docs:check": ["task", "docs:check"],
  "docs": ["task", "docs"],
  "check": ["check", "--doc", ".", ...MARKDOWN],
  "doc": ["doc", "--lint", ...ENTRYPOINTS],
  "publish": ["publish", "--dry-run", "--allow-dirty"],
  "test": ["task", "test"],
  "test:node": ["task", "test:node"],
  "test:jsr": ["task", "test:jsr"],
};

function markdownIn(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".md"));
  return names.map((name) => `${folder}/${name}`);
}

const known = (option: string): string[] =>
  Deno.args.filter((arg) => arg.startsWith(`--${option}=`)).map((arg) => arg.split("=")[1] ?? "");

const passed: string[] = known("passed");
const failed: string[] = known("failed");
for (const [name, args] of Object.entries(GATES)) {
  if (passed.includes(name) || failed.includes(name)) continue;
  console.log(`\n=== ${name}: deno ${args.join(" ")}`);
  const started = performance.now();
  // The documentation itself is not wanted, only what is wrong with it.
  const { ok, ending, output } = await attempt(Deno.execPath(), args, { quiet: name === "doc" });
  if (!ok) console.log(`${output}\n${name}: ${ending}`);
  console.log(
    `=== ${name}: ${ok ? "ok" : "FAILED"} (${((performance.now() - started) / 1000).toFixed(1)} s)`,
  );
  (ok ? passed : failed).push(name);
}
if (failed.length > 0) console.log(`\nFailed: ${failed.join(", ")}`);
console.log(`\n${passed.length} passed, ${failed.length} failed`);
if (failed.length > 0) Deno.exit(1);
