/**
 * Lists the programs under `examples/`, or runs one with the permissions that it needs and no others:
 * `deno task examples [T9 | square] [ARGUMENTS OF THE PROGRAM…]`.
 *
 * The first line of a program is the command that runs it, the second says what it shows. The tutorial programs have a
 * letter and a number, by which they are found; the others are found by the name of their file.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path/posix";
import process from "node:process";
import { ROOT } from "./run.ts";

/** A program under `examples/`. */
export interface Example {
  /** By what it is called: `"T9"`, or the name of its file without the ending. */
  id: string;
  /** Its file, from the folder of the repository on. */
  path: string;
  /** What Deno is told to allow. */
  flags: string[];
  /** What it shows. */
  about: string;
}

const COMMAND = /^\/\/ deno run ((?:-\S+ )*)(\S+)$/;
const ABOUT = /^\/\/ (?:([A-Z]\d+): )?(.+)$/;

/**
 * Finds all programs, the tutorial's first, in their order.
 *
 * @throws {SyntaxError} If the first two lines of a file that begins with a command are not as they should be.
 */
export function findExamples(): Example[] {
  const examples: Example[] = [];
  for (const name of readdirSync(join(ROOT, "examples"), { recursive: true }) as string[]) {
    if (!name.endsWith(".ts")) continue;
    const path = join("examples", name.replaceAll("\\", "/"));
    const example = describeExample(path, readFileSync(join(ROOT, path), "utf8"));
    if (example !== null) examples.push(example);
  }
  return examples.sort((a, b) => sortKey(a) < sortKey(b) ? -1 : 1);
}

/** Reads the first two lines of a program; `null` if it is only a part of one. */
export function describeExample(path: string, source: string): Example | null {
  const [command = "", about = ""] = source.split("\n");
  if (!command.startsWith("// deno run")) return null;
  const [, flags = "", file] = command.match(COMMAND) ?? [];
  const [, id, text = ""] = about.match(ABOUT) ?? [];
  if (file !== path) throw new SyntaxError(`${path}:1: expected '// deno run FLAGS ${path}'`);
  if (text === "") throw new SyntaxError(`${path}:2: expected a comment that says what it shows`);
  const name = basename(path, ".ts");
  if ((id ?? "").toLowerCase() !== (name.match(/^[a-z]\d+(?=_)/)?.[0] ?? "")) {
    throw new SyntaxError(`${path}:2: the file and the comment disagree about the number`);
  }
  return {
    id: id ?? (name === "main" ? basename(path.slice(0, -"/main.ts".length)) : name),
    path,
    flags: flags.split(" ").filter((flag) => flag !== ""),
    about: text,
  };
}

/** Puts T2 before T10, threads before pools, and what has no number last. */
function sortKey({ id }: Example): string {
  const [, letter = "", number = ""] = id.match(/^([A-Z])(\d+)$/) ?? [];
  return letter === "" ? `~${id}` : `${"TQPOC".indexOf(letter)}${number.padStart(3, "0")}`;
}

function main(): void {
  const [wanted, ...args] = process.argv.slice(2);
  const examples = findExamples();
  if (wanted === undefined) {
    for (const { id, about, flags } of examples) {
      console.log(`${id.padEnd(14)} ${about}${flags.length > 0 ? ` [${flags.join(" ")}]` : ""}`);
    }
    return;
  }
  const example = examples.find(({ id }) => id.toLowerCase() === wanted.toLowerCase());
  if (example === undefined) {
    console.error(`Cannot run example '${wanted}': 'deno task examples' lists those there are`);
    process.exitCode = 1;
    return;
  }
  const command = ["run", "--quiet", ...example.flags, example.path, ...args];
  spawn(process.execPath, command, { cwd: ROOT, stdio: "inherit" })
    .on("exit", (code) => process.exitCode = code ?? 1);
}

if (import.meta.main) main();
