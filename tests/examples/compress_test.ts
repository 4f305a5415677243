import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../examples/compress/main.ts", import.meta.url));

/** Runs the program with these arguments, its standard error being no terminal. */
function compress(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, MAIN, ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    timeout: 120_000,
  });
  return { status, stdout, stderr };
}

function withFolder(fn: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "nogil-compress-"));
  try {
    fn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

Deno.test("the example 'compress' gives the same bytes on one thread and on all cores", () => {
  withFolder((folder) => {
    mkdirSync(join(folder, "deep", "er"), { recursive: true });
    for (let i = 0; i < 20; i++) {
      const text = `${i} bottles of milk on the wall\n`.repeat(10 * i);
      writeFileSync(join(folder, i % 2 === 0 ? "deep/er" : "", `${i}.txt`), text);
    }
    writeFileSync(join(folder, "binary"), Uint8Array.of(0xff, 0, 1));
    writeFileSync(join(folder, ".hidden"), "hidden");

    const { status, stdout, stderr } = compress(folder);
    assertEquals(status, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assertEquals(lines[0], `20 text files in ${folder}`);
    assertMatch(lines[1] ?? "", /^ +files +bytes in +bytes out +seconds +speed-up$/);
    const [one, all] = [lines[2], lines[3]].map((line) => line?.trim().split(/ {2,}/) ?? []);
    assertEquals(one?.[0], "1 thread");
    assertStringIncludes(all?.[0] ?? "", `${availableParallelism()} thread`);
    assertEquals(one?.slice(1, 4), all?.slice(1, 4));
    assertEquals(one?.[1], "20");
    assertEquals(one?.[5], "1.00");
    assertEquals(lines[4], "Both runs agree byte for byte.");
    assertStringIncludes(stderr, "20/20 files");
    assert(!stderr.includes("\x1b"), "plain lines where standard error is no terminal");
  });
});

Deno.test("the example 'compress' says what is wrong with its folder", () => {
  withFolder((folder) => {
    const missing = join(folder, "missing");
    assertEquals(compress(missing), {
      status: 1,
      stdout: "",
      stderr: `Cannot compress '${missing}': there is no such folder\n`,
    });
    assertEquals(compress(folder).stderr, `Cannot compress '${folder}': it holds no text file\n`);
    const file = join(folder, "file");
    writeFileSync(file, "text");
    assertEquals(compress(file).stderr, `Cannot compress '${file}': it is not a folder\n`);
  });
});
