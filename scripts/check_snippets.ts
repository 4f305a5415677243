/**
 * Checks the snippets that cannot run as documentation tests: `deno task snippets`.
 *
 * Inside a documentation test a module has no URL that a worker can import, so that snippets with `task(import.meta…)`,
 * `shareable(import.meta…)` or `isMain` cannot run there. They are fenced `ts ignore`, and each has to be a verbatim
 * part of a program under `examples/`, which the tests do run. The same holds for whatever else is fenced `ts ignore`.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { LIBRARY } from "./check_layers.ts";
import { ROOT } from "./run.ts";

/** A fenced piece of TypeScript in a documentation comment or a Markdown file. */
interface Snippet {
  path: string;
  line: number;
  ignored: boolean;
  lines: string[];
}

const NEEDS_MODULE = /\b(task|shareable)\(\s*import\.meta|\bisMain\b/;

/**
 * Checks snippets against examples and gives a line for each violation.
 *
 * @param sources TypeScript and Markdown by path.
 * @param examples The programs by path.
 */
export function checkSnippets(
  sources: ReadonlyMap<string, string>,
  examples: ReadonlyMap<string, string>,
): string[] {
  const programs = [...examples.values()].map((source) => trimEnds(source.split("\n")));
  return [...sources].flatMap(([path, source]) => findSnippets(path, source)).flatMap((snippet) => {
    const { path, line, ignored, lines } = snippet;
    if (!ignored) {
      return NEEDS_MODULE.test(lines.join("\n"))
        ? [`${path}:${line}: this snippet cannot run as a test: fence it 'ts ignore'`]
        : [];
    }
    return programs.some((program) => contains(program, lines))
      ? []
      : [`${path}:${line}: this snippet is not a verbatim part of a file under examples/`];
  });
}

/** Finds the TypeScript snippets of a Markdown file, or those in the comments of a TypeScript file. */
function findSnippets(path: string, source: string): Snippet[] {
  const prefix = path.endsWith(".md") ? /^/ : /^\s*\* ?/;
  const snippets: Snippet[] = [];
  let open: Snippet | null = null;
  let fence = "";
  source.split("\n").forEach((raw, index) => {
    const line = prefix.test(raw) ? raw.replace(prefix, "") : "";
    if (open !== null) {
      if (line.trim() === fence) {
        open.lines = dedent(trimEnds(open.lines));
        snippets.push(open);
        open = null;
      } else open.lines.push(line);
      return;
    }
    const [, marks, info] = line.match(/^\s*(`{3,}|~{3,})\s*(?:ts|typescript)\b(.*)$/) ?? [];
    if (marks === undefined) return;
    fence = marks;
    open = { path, line: index + 1, ignored: /\bignore\b/.test(info ?? ""), lines: [] };
  });
  return snippets;
}

function trimEnds(lines: readonly string[]): string[] {
  return lines.map((line) => line.trimEnd());
}

function dedent(lines: readonly string[]): string[] {
  const widths = lines.filter((line) => line !== "").map((line) => line.search(/\S/));
  const width = Math.min(...widths);
  return lines.map((line) => line.slice(width));
}

/** Whether `lines` stand one after the other in `program`, all indented alike. */
function contains(program: readonly string[], lines: readonly string[]): boolean {
  return program.some((first, start) => {
    const indentation = first.slice(0, Math.max(0, first.length - (lines[0]?.length ?? 0)));
    return indentation.trim() === "" &&
      lines.every((line, i) => program[start + i] === (line === "" ? "" : indentation + line));
  });
}

/** Reads the files with these endings at or below `root/folder`. */
function readFiles(folder: string, ending: RegExp): [string, string][] {
  return (readdirSync(join(ROOT, folder), { recursive: true }) as string[])
    .map((path) => join(folder, path.replaceAll("\\", "/")))
    .filter((path) => ending.test(path))
    .map((path) => [path, readFileSync(join(ROOT, path), "utf8")]);
}

if (import.meta.main) {
  const sources = new Map<string, string>();
  const examples = new Map<string, string>();
  for (const entry of readdirSync(ROOT, { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isDirectory() && (LIBRARY.includes(name) || name === "docs")) {
      for (const [path, source] of readFiles(name, /\.(ts|md)$/)) sources.set(path, source);
    } else if (entry.isDirectory() && name === "examples") {
      for (const [path, source] of readFiles(name, /\.ts$/)) examples.set(path, source);
    } else if (/\.(ts|md)$/.test(name)) sources.set(name, readFileSync(join(ROOT, name), "utf8"));
  }
  const problems = checkSnippets(sources, examples);
  for (const problem of problems) console.error(problem);
  console.log(`${sources.size} files, ${examples.size} examples, ${problems.length} problems`);
  if (problems.length > 0) Deno.exit(1);
}
