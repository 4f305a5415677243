import { assertEquals } from "@std/assert";
import { checkSnippets } from "../../scripts/check_snippets.ts";

const EXAMPLE = `import { isMain, task } from "@nogil/std";

export const square = task(import.meta, (x: number) => x * x);

if (isMain(import.meta)) {
  console.log(square(2));

  console.log(square(3));
}
`;

/** Puts a snippet into a documentation comment. */
function comment(info: string, snippet: string): string {
  const lines = snippet.trimEnd().split("\n").map((line) => ` * ${line}`.trimEnd());
  return ["/**", " * Squares.", " *", ` * \`\`\`${info}`, ...lines, " * ```", " */", ""].join("\n");
}

function check(path: string, source: string): string[] {
  return checkSnippets(new Map([[path, source]]), new Map([["examples/square.ts", EXAMPLE]]));
}

Deno.test("checkSnippets() accepts parts of an example", () => {
  assertEquals(check("a.ts", comment("ts ignore", EXAMPLE)), []);
  assertEquals(check("a.md", `Text.\n\n\`\`\`ts ignore\n${EXAMPLE}\`\`\`\n`), []);
  const indented = "console.log(square(2));\n\nconsole.log(square(3));";
  assertEquals(check("a.ts", comment("ts ignore", indented)), []);
});

Deno.test("checkSnippets() rejects what differs from the examples", () => {
  const problem = ["a.ts:4: this snippet is not a verbatim part of a file under examples/"];
  assertEquals(check("a.ts", comment("ts ignore", EXAMPLE.replace("(2)", "(4)"))), problem);
  assertEquals(check("a.ts", comment("ts ignore", EXAMPLE.replace("\n\n", "\n"))), problem);
  assertEquals(check("a.ts", comment("ts ignore", "square(2)")), problem);
});

Deno.test("checkSnippets() asks for a fence that keeps a snippet from running", () => {
  assertEquals(check("a.ts", comment("ts", EXAMPLE)), [
    "a.ts:4: this snippet cannot run as a test: fence it 'ts ignore'",
  ]);
  assertEquals(check("a.ts", comment("ts", "console.log(1);")), []);
  assertEquals(check("a.ts", comment("sh", "task(import.meta")), []);
});
