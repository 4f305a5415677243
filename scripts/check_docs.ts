/**
 * Checks that the documentation speaks of what there is: `deno task docs:check`.
 *
 * - Every name in the second column of the tables of `docs/from_python.md` exists in the module that its heading names, or
 *   is an error: an export, `Class.member()`, `.member()` of the class before it. So do `{ options }` in the third column.
 * - Every class, function and constant that a module exports stands in one of these tables.
 * - Every one of them has an example: one of its own, or it is used in a snippet of the documentation or in a program under
 *   `examples/`.
 * - Every link from one Markdown file to another file, and to a heading there, leads somewhere.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path/posix";
import { ROOT, run } from "./run.ts";

/** What a module exports, by name. */
export type Exports = ReadonlyMap<string, Exported>;

/** Something that a module exports. */
export interface Exported {
  kind: string;
  /** Whether its own documentation has an example. */
  shown?: boolean;
  /** The names of its members, inherited ones included. */
  members: ReadonlySet<string>;
}

interface DocMember {
  name: string;
}

interface DocSymbol {
  name: string;
  declarations: {
    kind: string;
    declarationKind: string;
    jsDoc?: { doc?: string; tags?: { kind: string }[] };
    def?: {
      extends?: string | null | { typeName?: string }[];
      methods?: DocMember[];
      properties?: DocMember[];
    };
  }[];
}

const VALUES = ["class", "function", "variable"];

/**
 * Checks the tables and gives a line for each name that does not exist, and for each export that has no row.
 *
 * @param source The Markdown.
 * @param modules What each module exports, by its specifier.
 */
export function checkTables(source: string, modules: ReadonlyMap<string, Exports>): string[] {
  const problems: string[] = [];
  const options = new Set(
    [...modules.values()].flatMap((exports) =>
      [...exports.values()].flatMap(({ kind, members }) => kind === "interface" ? [...members] : [])
    ),
  );
  const errors = modules.get("@nogil/std/errors");
  const listed = new Map([...modules.keys()].map((name) => [name, new Set<string>()]));
  let specifier = "";
  source.split("\n").forEach((line, index) => {
    const heading = line.match(/^##+ .*`(@nogil\/std[^`]*)`/);
    if (/^#/.test(line)) specifier = heading?.[1] ?? "";
    const exports = modules.get(specifier);
    if (heading !== null && exports === undefined) {
      problems.push(`${index + 1}: there is no module ${specifier}`);
    }
    if (!line.startsWith("|") || exports === undefined) return;
    const [, , ours = "", text = ""] = line.replaceAll("\\|", "¦").split("|");
    let owner = "";
    for (const [, span = ""] of ours.matchAll(/`([^`]+)`/g)) {
      const [, name = "", member] = span.match(/^(\w*)(?:\.(\w+))?(?:\(.*\))?$/) ?? [];
      if (name !== "") owner = name;
      const found = exports.get(owner) ?? errors?.get(owner);
      if (found === undefined) problems.push(`${index + 1}: ${specifier} exports no ${span}`);
      else if (member !== undefined && !found.members.has(member)) {
        problems.push(`${index + 1}: ${owner} has no ${member}`);
      }
      listed.get(specifier)?.add(owner);
    }
    for (const [, span = ""] of text.matchAll(/`\{ ([\w, ]+) \}`/g)) {
      for (const name of span.split(", ")) {
        if (!options.has(name)) problems.push(`${index + 1}: there is no option ${name}`);
      }
    }
  });
  const anywhere = new Set([...listed.values()].flatMap((names) => [...names]));
  for (const [name, exports] of modules) {
    for (const [exported, { kind }] of exports) {
      if (VALUES.includes(kind) && !anywhere.has(exported)) {
        problems.push(`${exported} of ${name} stands in no table`);
      }
    }
  }
  return problems;
}

/** Gives the exports of some modules that have no example and are used in none of the others, in order. */
export function findUnused(
  modules: ReadonlyMap<string, Exports>,
  examples: readonly string[],
): string[] {
  const words = new Set(examples.flatMap((example) => example.match(/[\w$]+/g) ?? []));
  const names = [...modules.values()].flatMap((exports) =>
    [...exports].filter(([, { kind, shown }]) => VALUES.includes(kind) && shown !== true)
      .map(([name]) => name)
  );
  return [...new Set(names)].filter((name) => !words.has(name)).sort();
}

/**
 * Gives a line for each link that leads nowhere.
 *
 * @param files The Markdown files by path.
 * @param exists Tells whether there is a file or folder at a path.
 */
export function checkLinks(
  files: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): string[] {
  const problems: string[] = [];
  for (const [path, source] of files) {
    const text = withoutFences(source);
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const to = file === "" ? path : join(dirname(path), file).replace(/\/$/, "");
      if (!exists(to)) problems.push(`${path}: there is no ${to}`);
      else if (anchor !== undefined && !headingsOf(files.get(to) ?? "").has(anchor)) {
        problems.push(`${path}: ${to} has no heading #${anchor}`);
      }
    }
  }
  return problems;
}

function withoutFences(source: string): string {
  return source.replace(/^(`{3,}|~{3,})[^]*?^\1/gm, "");
}

function headingsOf(source: string): Set<string> {
  const headings = withoutFences(source).match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading.replace(/^#+ /, "").toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, "")
        .replaceAll(" ", "-")
    ),
  );
}

/** Finds the snippets in a Markdown file or in the comments of a module. */
function snippetsOf(source: string): string[] {
  const text = source.replace(/^\s*\* ?/gm, "");
  return [...text.matchAll(/^\s*(`{3,})ts\b[^\n]*\n([^]*?)^\s*\1/gm)].map(([, , code = ""]) =>
    code
  );
}

async function readModules(): Promise<Map<string, Exports>> {
  const { name, exports }: { name: string; exports: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, "deno.json"), "utf8"),
  );
  const modules = new Map<string, Exports>();
  for (const [key, file] of Object.entries(exports)) {
    const json = await run(Deno.execPath(), ["doc", "--json", file], { quiet: true });
    const { nodes } = JSON.parse(json) as { nodes: Record<string, { symbols: DocSymbol[] }> };
    modules.set(join(name, key), exportsOf(Object.values(nodes).flatMap(({ symbols }) => symbols)));
  }
  const root = modules.get(name) as Map<string, Exported>;
  const below = [...modules].filter(([key]) => key !== name);
  for (const [, others] of below) for (const other of others.keys()) root.delete(other);
  return modules;
}

function exportsOf(symbols: readonly DocSymbol[]): Map<string, Exported> {
  const byName = new Map(symbols.map((symbol) => [symbol.name, symbol]));
  const membersOf = (name: string): string[] =>
    byName.get(name)?.declarations.flatMap(({ def }) => [
      ...[...def?.methods ?? [], ...def?.properties ?? []].map((member) => member.name),
      ...(typeof def?.extends === "string" ? membersOf(def.extends) : []),
    ]) ?? [];
  const exports = new Map<string, Exported>();
  for (const { name, declarations } of symbols) {
    const [declaration] = declarations.filter(({ declarationKind }) =>
      declarationKind === "export"
    );
    if (declaration === undefined) continue;
    const { kind, jsDoc } = declaration;
    const shown = jsDoc?.tags?.some((tag) => tag.kind === "example") ?? false;
    exports.set(name, { kind, shown, members: new Set(membersOf(name)) });
  }
  return exports;
}

/** Reads the files with these endings below some folders, and beside them. */
function readAll(folders: readonly string[], ending: RegExp): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: folder !== "" }) as string[]) {
      const path = join(folder, name.replaceAll("\\", "/"));
      if (ending.test(path) && !/(^|\/)(node_modules|api)\//.test(path)) {
        files.set(path, readFileSync(join(ROOT, path), "utf8"));
      }
    }
  }
  return files;
}

async function main(): Promise<void> {
  const modules = await readModules();
  const markdown = readAll(["", "docs"], /\.md$/);
  const folders = [...modules.keys()].map((key) => relative("@nogil/std", key));
  const sources = readAll(folders.filter((folder) => !["", "errors"].includes(folder)), /\.ts$/);
  const plain = [...readAll([""], /\.ts$/).values(), ...sources.values(), ...markdown.values()];
  const examples = [...readAll(["examples"], /\.ts$/).values(), ...plain.flatMap(snippetsOf)];

  const guide = "docs/from_python.md";
  const problems = [
    ...checkTables(markdown.get(guide) ?? "", modules).map((problem) => `${guide}: ${problem}`),
    ...findUnused(modules, examples).map((name) => `${name} is used in no example`),
    ...checkLinks(markdown, (path) => existsSync(join(ROOT, path))),
  ];
  for (const problem of problems) console.error(problem);
  console.log(`${modules.size} modules, ${markdown.size} pages, ${problems.length} problems`);
  if (problems.length > 0) Deno.exit(1);
}

if (import.meta.main) await main();
