import { assertEquals } from "@std/assert";
import { checkLinks, checkTables, type Exported, findUnused } from "../../scripts/check_docs.ts";

function exported(kind: string, ...members: string[]): Exported {
  return { kind, members: new Set(members) };
}

const MODULES = new Map([
  [
    "@nogil/std/sync",
    new Map([
      ["Lock", exported("class", "acquire", "release")],
      ["WaitOptions", exported("interface", "timeout", "signal")],
    ]),
  ],
]);

function check(row: string): string[] {
  return checkTables(`## \`threading\`: \`@nogil/std/sync\`\n\n${row}\n`, MODULES);
}

Deno.test("checkTables() accepts what exists", () => {
  assertEquals(check("| `Lock()` | `Lock` |  |"), []);
  assertEquals(
    check("| x | `Lock.acquire()`, `.release()` | takes `{ timeout, signal }`, not `acquire` |"),
    [],
  );
});

Deno.test("checkTables() rejects what does not", () => {
  assertEquals(check("| x | `Lock`, `Mutex` |  |"), ["3: @nogil/std/sync exports no Mutex"]);
  assertEquals(check("| x | `Lock.lock()` |  |"), ["3: Lock has no lock"]);
  assertEquals(check("| x | `Lock`, `.lock()` |  |"), ["3: Lock has no lock"]);
  assertEquals(check("| x | `Lock` | `{ timeout, block }` |"), ["3: there is no option block"]);
  assertEquals(check("| x | – | |"), ["Lock of @nogil/std/sync stands in no table"]);
  assertEquals(
    checkTables("## `@nogil/std/lock`\n\n## `@nogil/std/sync`\n\n| | `Lock` |", MODULES),
    [
      "1: there is no module @nogil/std/lock",
    ],
  );
});

Deno.test("findUnused() finds the exports that no example has", () => {
  assertEquals(findUnused(MODULES, ["const lock = new Lock();"]), []);
  assertEquals(findUnused(MODULES, ["const lock = new RLock();"]), ["Lock"]);
  const shown = new Map([["Lock", { ...exported("class"), shown: true }]]);
  assertEquals(findUnused(new Map([["@nogil/std/sync", shown]]), []), []);
});

Deno.test("checkLinks() finds links that lead nowhere", () => {
  const files = new Map([
    ["README.md", "[a](docs/a.md#more-of-it) [b](./docs/b.md) [c](#top) [d](https://d.example)"],
    ["docs/a.md", "# A\n\n## More of it\n\n```md\n## Top\n[x](nowhere.md)\n```\n"],
  ]);
  assertEquals(checkLinks(files, (path) => files.has(path)), [
    "README.md: there is no docs/b.md",
    "README.md: README.md has no heading #top",
  ]);
});
