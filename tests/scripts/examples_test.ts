import { assertEquals, assertThrows } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeExample, findExamples } from "../../scripts/examples.ts";
import { ROOT } from "../../scripts/run.ts";

const SOURCE = `// deno run --allow-read --allow-net=127.0.0.1 examples/pools/o5_server.ts
// O5: a server.
import "node:net";
`;

Deno.test("describeExample() reads the first two lines of a program", () => {
  assertEquals(describeExample("examples/pools/o5_server.ts", SOURCE), {
    id: "O5",
    path: "examples/pools/o5_server.ts",
    flags: ["--allow-read", "--allow-net=127.0.0.1"],
    about: "a server.",
  });
  const plain = "// deno run examples/leaves.ts\n// Prints leaves.\n";
  assertEquals(describeExample("examples/leaves.ts", plain)?.id, "leaves");
  assertEquals(describeExample("examples/class.ts", "export class A {}\n"), null);
});

Deno.test("describeExample() rejects what would run something else", () => {
  assertThrows(() => describeExample("examples/pools/o5_other.ts", SOURCE), SyntaxError);
  assertThrows(() => describeExample("examples/pools/o6_server.ts", SOURCE), SyntaxError);
  assertThrows(() => describeExample("examples/a.ts", "// deno run examples/a.ts\n"), SyntaxError);
});

Deno.test("findExamples() finds each program once, the tutorial's first", () => {
  const examples = findExamples();
  const ids = examples.map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(ids.slice(0, 11), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((n) => `T${n}`));
  for (const { path } of examples) assertEquals(existsSync(join(ROOT, path)), true, path);
});
