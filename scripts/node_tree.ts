/**
 * Puts sources of the repository beside the built npm package, so that they run on Node.
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
import { ROOT, run } from "./run.ts";
import { scan } from "./scan.ts";
import { DENO_ONLY } from "../tests/node/deno_only.ts";

const PACKAGE = "node_modules/@nogil/std";
const SHIM = "tests/node/shim.ts";
const SECOND_NODE = "24";
const LEFT_OUT = /^tests\/(types|jsr|node\/consumer)\/|(^|\/)node_modules\//;

/** What the tests and the type check need beside the package. */
const DEPENDENCIES = [
  "cli-progress@3.12.0",
  "deno-std@1.4.0",
  "fast-check@4.10.2",
  "koffi@3.3.4",
  "typescript@5.9.3",
  "@types/node@20.19.25",
];

/** What stands for a bare import of the tests on Node. */
const BARE_IMPORTS: Record<string, string> = {
  "@std/assert": "deno-std/assert/mod.js",
  "@std/async": "deno-std/async/mod.js",
};

/** A Node to run on. */
export interface Node {
  binary: string;
  /** `"v20.20.2"`. */
  version: string;
  major: string;
}

/** Builds the package and installs it, with what the sources need, into a folder that lives as long as `fn` runs. */
export async function inNodeTree(fn: (work: string) => Promise<void>): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "nogil-node-"));
  try {
    const file = await buildNpm(join(work, "packed"));
    await install(work, [file, ...DEPENDENCIES]);
    await fn(work);
  } finally {
    await esbuild.stop();
    await rm(work, { recursive: true, force: true });
  }
}

/** Installs packages with npm into an empty folder. */
async function install(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const flags = ["--prefix", folder, "--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", ["install", ...flags, ...packages], { cwd: folder, quiet: true });
}

/** Finds the Node on the `PATH`, and gets Node 24 from npm, once. */
export async function findNodes(): Promise<Node[]> {
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

/** Writes the sources in some folders of the repository as JavaScript below `tree` and returns their paths. */
export async function transpile(
  tree: string,
  { major }: Node,
  folders: readonly string[],
): Promise<string[]> {
  const sources: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .catch(() => []);
    for (const entry of entries) {
      const path = relative(ROOT, join(entry.parentPath, entry.name));
      if (!entry.isFile() || LEFT_OUT.test(path)) continue;
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
  return sources.sort();
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
