/**
 * Builds the npm package: `deno task build:npm`.
 *
 * `deno pack` makes JavaScript and declarations from the sources; what its `package.json` lacks is added here, its modules
 * are bundled, and `npm pack` writes the package to `dist/npm/`.
 *
 * @module
 */
import { join } from "node:path";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { bundleNpm } from "./bundle_npm.ts";
import { ROOT, run } from "./run.ts";

const DESCRIPTION =
  "Python's threads, locks, queues, processes, pools and coroutines for Deno and " +
  "Node, with real parallelism";

/** What `deno pack` leaves out of `package.json`. */
const FIELDS = {
  description: DESCRIPTION,
  keywords: [
    "thread",
    "threads",
    "threading",
    "multithreading",
    "thread-pool",
    "worker-pool",
    "process",
    "multiprocessing",
    "concurrent",
    "concurrency",
    "parallel",
    "futures",
    "lock",
    "mutex",
    "semaphore",
    "queue",
    "coroutine",
    "greenlet",
    "gevent",
    "asyncio",
    "worker_threads",
    "atomics",
    "shared-memory",
    "python",
    "deno",
  ],
  engines: { node: ">=20" },
  sideEffects: false,
};

/**
 * Packages that a user installs to get more: name and range. They are optional, and the library finds them by
 * itself.
 */
export const OPTIONAL_PEERS: Record<string, string> = { koffi: "^3.3.0" };

/** Where the package goes by default. */
const OUTPUT = join(ROOT, "dist", "npm");

/** Builds the package into a folder, which is emptied first, and returns the path of its file. */
export async function buildNpm(output = OUTPUT): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "nogil-npm-"));
  try {
    const packed = join(work, "packed.tgz");
    await run(Deno.execPath(), ["pack", "--allow-dirty", "--output", packed], { quiet: true });
    await run("tar", ["-xzf", packed, "-C", work], { quiet: true });
    const folder = join(work, "package");
    const exports = await completePackageJson(join(folder, "package.json"));
    await bundleNpm(folder, exports);

    await rm(output, { recursive: true, force: true });
    await mkdir(output, { recursive: true });
    await run("npm", ["pack", "--pack-destination", output], { cwd: folder, quiet: true });
    const [file] = await readdir(output);
    if (file === undefined) throw new Error("Cannot build the npm package: npm wrote no file");
    return join(output, file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Adds to `package.json` what `deno pack` leaves out, and gives the modules that it exports: `sync/mod`. */
export async function completePackageJson(path: string): Promise<string[]> {
  const { name, version, ...rest } = JSON.parse(await readFile(path, "utf8"));
  const peers = Object.keys(OPTIONAL_PEERS);
  const fields = {
    name,
    version,
    ...FIELDS,
    ...rest,
    ...(peers.length > 0 && {
      peerDependencies: OPTIONAL_PEERS,
      peerDependenciesMeta: Object.fromEntries(peers.map((peer) => [peer, { optional: true }])),
    }),
    // Tools ask for it by this name.
    exports: { ...rest.exports, "./package.json": "./package.json" },
  };
  await writeFile(path, `${JSON.stringify(fields, null, 2)}\n`);
  const files: { import: string }[] = Object.values(rest.exports);
  return files.map((file) => file.import.replace(/^\.\/|\.js$/g, ""));
}

if (import.meta.main) console.log(await buildNpm());
