/**
 * Tests the JSR package: `deno task test:jsr`.
 *
 * A server on the loopback interface offers what `deno publish` would publish, in JSR's layout. The programs of
 * `tests/jsr/` run against it from an empty folder with an empty cache, and import `jsr:@nogil/std`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { attempt, ROOT, run } from "./run.ts";
import { imports, scan } from "./scan.ts";

const PROGRAMS = join(ROOT, "tests", "jsr");
/** Milliseconds that one program may take. */
const TIMEOUT = 60_000;

/** The part of `deno.json` that a published package depends on. */
interface Config {
  name: string;
  version: string;
  exports: Record<string, string>;
  imports?: Record<string, string>;
}

async function main(): Promise<void> {
  const config: Config = JSON.parse(await readFile(join(ROOT, "deno.json"), "utf8"));
  const files = await publishedFiles(config);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    registry(config, files),
  );
  console.log(`${config.name}@${config.version}: ${files.size} files on port ${server.addr.port}`);
  const env = { JSR_URL: `http://127.0.0.1:${server.addr.port}/`, NO_COLOR: "1" };
  let passed = 0;
  let failed = 0;
  const programs = (await readdir(PROGRAMS)).filter((name) => name.endsWith(".ts")).sort();
  for (const name of programs) {
    const { ok, ending, output } = await runProgram(name, env);
    console.log(`${ok ? "ok  " : "FAIL"} tests/jsr/${name}`);
    if (!ok) console.log(`${output}\ntests/jsr/${name}: ${ending}`);
    if (ok) passed++;
    else failed++;
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) Deno.exitCode = 1;
}

/** Runs a program, types checked, in a folder that holds nothing else, with a cache of its own. */
async function runProgram(
  name: string,
  env: Record<string, string>,
): Promise<Awaited<ReturnType<typeof attempt>>> {
  const work = await mkdtemp(join(tmpdir(), "nogil-jsr-"));
  try {
    await cp(join(PROGRAMS, name), join(work, name));
    const flags = ["run", "--check", "--no-config", "--no-prompt", ...await permissions(name)];
    return await attempt(Deno.execPath(), [...flags, name], {
      cwd: work,
      env: { ...env, DENO_DIR: join(work, ".deno") },
      timeout: TIMEOUT,
      quiet: true,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Gives the permissions that the first line of a program says it needs, or all. This server's modules may always be
 * imported, as those of jsr.io may.
 */
async function permissions(name: string): Promise<string[]> {
  const [first = ""] = (await readFile(join(PROGRAMS, name), "utf8")).split("\n");
  if (!first.startsWith("// Needs ")) return ["-A"];
  return ["--allow-import=127.0.0.1", ...first.match(/--allow-[\w-]+/g) ?? []];
}

/** Reads what `deno publish` would publish, by its path in the package. */
async function publishedFiles(config: Config): Promise<Map<string, Uint8Array>> {
  const listing = await run(Deno.execPath(), ["publish", "--dry-run", "--allow-dirty"], {
    env: { NO_COLOR: "1" },
    quiet: true,
    merge: true,
  });
  const files = new Map<string, Uint8Array>();
  for (const [, url] of listing.matchAll(/^\s+(file:\S+) \(/gm)) {
    const path = fileURLToPath(url as string);
    const content = await readFile(path);
    const name = `/${relative(ROOT, path).replaceAll("\\", "/")}`;
    files.set(name, name.endsWith(".ts") ? unfurl(content.toString(), config) : content);
  }
  if (files.size === 0) throw new Error(`Cannot find the files to publish in:\n${listing}`);
  return files;
}

/** Replaces what the import map names, as publishing does. */
function unfurl(source: string, { imports: map = {} }: Config): Uint8Array {
  let result = "";
  let done = 0;
  for (const { specifier, token } of imports(scan(source))) {
    const target = map[specifier];
    if (target === undefined) continue;
    result += source.slice(done, token.start) + JSON.stringify(target);
    done = token.end;
  }
  return new TextEncoder().encode(result + source.slice(done));
}

/** Answers as JSR does. */
function registry(
  { name, version, exports }: Config,
  files: ReadonlyMap<string, Uint8Array>,
): (request: Request) => Response {
  const manifest = Object.fromEntries(
    [...files].map(([path, content]) => [path, {
      size: content.length,
      checksum: `sha256-${createHash("sha256").update(content).digest("hex")}`,
    }]),
  );
  const [scope, short] = name.slice(1).split("/");
  const meta = { scope, name: short, latest: version, versions: { [version]: {} } };
  return ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === `/${name}/meta.json`) return Response.json(meta);
    if (pathname === `/${name}/${version}_meta.json`) return Response.json({ manifest, exports });
    const prefix = `/${name}/${version}`;
    const content = pathname.startsWith(prefix) ? files.get(pathname.slice(prefix.length)) : null;
    if (!content) return new Response("Not found", { status: 404 });
    const type = pathname.endsWith(".ts") ? "text/typescript" : "text/plain";
    return new Response(Uint8Array.from(content), { headers: { "content-type": type } });
  };
}

if (import.meta.main) await main();
