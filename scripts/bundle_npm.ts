/**
 * Makes few files of the many of the npm package: Node takes about a millisecond for each module, in every thread and
 * every process anew.
 *
 * Every module stays a file of its own that can be imported, and knows itself by the URL of that file; what it exports comes
 * from one of two bundles:
 *
 * ```text
 * _bundle/base.js     what a child process needs to begin
 * _bundle/library.js  the rest of what the exports of the package reach
 * ```
 *
 * What is imported only when it is needed stays as it is.
 *
 * @module
 */
import { type GetModuleInfo, rollup } from "rollup";
import { readdir } from "node:fs/promises";
import { join, posix, relative } from "node:path";

/** What a child process begins with. */
const BASE: readonly string[] = [
  "process/child_boot",
  "process/child_main",
  "_runtime/node_socket",
];

/** What threads and processes load besides the exports. */
const ENTRIES: readonly string[] = ["thread/boot", "thread/supervisor", "thread/worker"];

/** Bundles the package in a folder whose exports are at some paths: `sync/mod`. */
export async function bundleNpm(folder: string, exports: readonly string[]): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".js"));
  const pathOf = (name: string): string => join(folder, `${name}.js`);
  const names = files.map((file) => file.slice(0, -3));
  const bundle = await rollup({
    input: Object.fromEntries(names.map((name) => [name, pathOf(name)])),
    external: (id) => !/^[./]/.test(id) && !id.startsWith(folder),
    treeshake: false,
    preserveEntrySignatures: "strict",
    onwarn(warning) {
      if (warning.code !== "CIRCULAR_DEPENDENCY") throw new Error(warning.message);
    },
    plugins: [{
      name: "modules know their files",
      resolveImportMeta(property, { moduleId, chunkId }) {
        const file = relative(folder, moduleId);
        if (file === chunkId) return null;
        const path = posix.relative(posix.dirname(chunkId), file);
        const url = `new URL("${path.startsWith(".") ? path : `./${path}`}", import.meta.url).href`;
        return property === "url" ? url : property === null ? `{ url: ${url} }` : null;
      },
    }],
  });
  let base: ReadonlySet<string> | null = null;
  let library: ReadonlySet<string> | null = null;
  await bundle.write({
    dir: folder,
    entryFileNames: "[name].js",
    chunkFileNames: "_bundle/[name].js",
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    manualChunks(id, { getModuleInfo }) {
      base ??= reach(BASE.map(pathOf), getModuleInfo);
      library ??= reach([...exports, ...ENTRIES].map(pathOf), getModuleInfo);
      return base.has(id) ? "base" : library.has(id) ? "library" : undefined;
    },
  });
  await bundle.close();
}

/** Gives all that some modules import, and what that imports. */
function reach(ids: readonly string[], infoOf: GetModuleInfo): Set<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    const info = infoOf(id);
    if (info === null) throw new Error(`Cannot bundle the npm package: there is no ${id}`);
    if (found.has(id) || info.isExternal) return;
    found.add(id);
    info.importedIds.forEach(visit);
  };
  ids.forEach(visit);
  return found;
}
