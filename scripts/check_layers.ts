/**
 * Checks the layers of the library: `deno run -R scripts/check_layers.ts`.
 *
 * - Only `_core` says `Atomics` or `SharedArrayBuffer`; only `_runtime` says `Deno` or `node:`.
 * - Imports point downwards: `errors.ts` ← `_runtime` ← `_core` ← `sync` ← `queue` ← `thread` ← `process` ← `pool`,
 *   `manager` ← `mod.ts`. `coroutine` stands on `queue`, and reaches `pool` by a dynamic `import()` alone.
 * - No module imports itself, through however many others.
 * - A `mod.ts` re-exports and does nothing else.
 * - Modules import each other by relative paths, and nothing from a URL or from JSR.
 *
 * Comments, and with them the examples in doc comments, do not count.
 *
 * @module
 */
import { dirname, join } from "node:path/posix";
import { readdirSync, readFileSync } from "node:fs";
import { type Import, imports, scan, type Token } from "./scan.ts";

/** What each layer may import, besides itself. */
const BELOW: Record<string, readonly string[]> = {
  "errors.ts": [],
  "_runtime": ["errors.ts"],
  "_core": ["errors.ts", "_runtime"],
  "sync": ["errors.ts", "_runtime", "_core"],
  "queue": ["errors.ts", "_runtime", "_core", "sync"],
  "thread": ["errors.ts", "_runtime", "_core", "sync", "queue"],
  "process": ["errors.ts", "_runtime", "_core", "sync", "queue", "thread"],
  "pool": ["errors.ts", "_runtime", "_core", "sync", "queue", "thread", "process"],
  "manager": ["errors.ts", "_runtime", "_core", "sync", "queue", "thread", "process"],
  "coroutine": ["errors.ts", "_runtime", "_core", "sync", "queue"],
};

/** What a layer may reach by a dynamic `import()` only. */
const BY_DYNAMIC_IMPORT: Record<string, readonly string[]> = { "coroutine": ["pool"] };

/** The library's folders and files at the root. */
export const LIBRARY: readonly string[] = [...Object.keys(BELOW), "mod.ts"];

/** Names that one layer keeps to itself. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ["Atomics", "_core"],
  ["SharedArrayBuffer", "_core"],
  ["Deno", "_runtime"],
]);

/** A module of the library, scanned. */
interface Module {
  path: string;
  layer: string;
  tokens: Token[];
  imports: Import[];
}

/**
 * Checks a tree of modules and gives a line for each violation.
 *
 * @param files The sources by their path from the root, with slashes: `sync/lock.ts`.
 */
export function checkLayers(files: ReadonlyMap<string, string>): string[] {
  const modules = [...files].map(([path, source]): Module => {
    const tokens = scan(source);
    return { path, layer: path.split("/")[0] as string, tokens, imports: imports(tokens) };
  });
  const problems: string[] = [];
  for (const module of modules) {
    problems.push(
      ...checkNames(module),
      ...checkImports(module, files),
      ...checkNoCode(module),
    );
  }
  problems.push(...checkCycles(modules));
  return problems;
}

function checkNames({ path, layer, tokens }: Module): string[] {
  const problems: string[] = [];
  for (const { kind, text, line } of tokens) {
    const owner = kind === "name" || kind === "string" ? RESERVED.get(text) : undefined;
    if (owner !== undefined && owner !== layer) {
      problems.push(`${path}:${line}: only ${owner} may say '${text}'`);
    }
    if (kind === "string" && text.startsWith("node:") && layer !== "_runtime") {
      problems.push(`${path}:${line}: only _runtime may say '${text}'`);
    }
  }
  return problems;
}

function checkImports(module: Module, files: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const { path, layer } = module;
  for (const { specifier, kind, token } of module.imports) {
    const place = `${path}:${token.line}`;
    if (/^(https?|jsr|file):|^@nogil\/std\b/.test(specifier)) {
      problems.push(
        `${place}: cannot import '${specifier}': use a relative path or an npm package`,
      );
    }
    if (!specifier.startsWith(".")) continue;
    const target = join(dirname(path), specifier);
    if (!files.has(target)) {
      problems.push(`${place}: cannot import '${specifier}': the library has no such file`);
      continue;
    }
    const targetLayer = target.split("/")[0] as string;
    if (layer === "mod.ts" || targetLayer === layer || BELOW[layer]?.includes(targetLayer)) {
      continue;
    }
    if (!BY_DYNAMIC_IMPORT[layer]?.includes(targetLayer)) {
      problems.push(`${place}: ${layer} may not import ${targetLayer}`);
    } else if (kind !== "dynamic") {
      problems.push(`${place}: ${layer} may reach ${targetLayer} by a dynamic import() alone`);
    }
  }
  return problems;
}

/** A `mod.ts` holds `export … from "…"` and nothing else. */
function checkNoCode({ path, tokens }: Module): string[] {
  if (path.split("/").at(-1) !== "mod.ts") return [];
  let i = 0;
  while (i < tokens.length) {
    const first = tokens[i] as Token;
    const problem = [`${path}:${first.line}: a mod.ts re-exports and does nothing else`];
    if (first.text !== "export" || first.kind !== "name") return problem;
    i++;
    while (
      ["type", "*", "as", "{", "}", ","].includes(tokens[i]?.text ?? "") || isName(tokens[i])
    ) {
      if (tokens[i]?.text === "from" && tokens[i + 1]?.kind === "string") break;
      i++;
    }
    if (tokens[i]?.text !== "from" || tokens[i + 1]?.kind !== "string") return problem;
    i += 2;
    if (tokens[i]?.text === ";") i++;
  }
  return [];
}

function isName(token: Token | undefined): boolean {
  return token?.kind === "name" && !/^(const|let|var|function|class|interface|default|export)$/
    .test(token.text);
}

/** Type-only imports vanish and dynamic ones come later: neither closes a cycle. */
function checkCycles(modules: readonly Module[]): string[] {
  const next = new Map(modules.map(({ path, imports }) => [
    path,
    imports.filter(({ kind, specifier }) => kind === "static" && specifier.startsWith("."))
      .map(({ specifier }) => join(dirname(path), specifier)),
  ]));
  const done = new Set<string>();
  const trail: string[] = [];
  const problems: string[] = [];
  function visit(path: string): void {
    const start = trail.indexOf(path);
    if (start >= 0) {
      problems.push(`import cycle: ${[...trail.slice(start), path].join(" → ")}`);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const target of next.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  }
  for (const { path } of modules) visit(path);
  return problems;
}

/** Reads the library's sources below `root`. */
export function readLibrary(root: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!LIBRARY.includes(entry.name)) continue;
    if (entry.isFile()) files.set(entry.name, readFileSync(join(root, entry.name), "utf8"));
    else {
      for (const path of readdirSync(join(root, entry.name), { recursive: true }) as string[]) {
        if (!path.endsWith(".ts")) continue;
        const file = join(entry.name, path.replaceAll("\\", "/"));
        files.set(file, readFileSync(join(root, file), "utf8"));
      }
    }
  }
  return files;
}

if (import.meta.main) {
  const files = readLibrary(join(import.meta.dirname ?? ".", ".."));
  const problems = checkLayers(files);
  for (const problem of problems) console.error(problem);
  console.log(`${files.size} modules, ${problems.length} problems`);
  if (problems.length > 0) Deno.exit(1);
}
