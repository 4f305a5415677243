// Finds the text files of a folder.
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";

/** Folders that hold nothing of one's own. */
const SKIPPED = new Set(["node_modules", "dist", "coverage"]);

/**
 * Lists the text files below a folder, the largest first; hidden ones are left out.
 *
 * @throws {Error} If the folder is not there or is no folder.
 */
export async function listTextFiles(folder: string): Promise<string[]> {
  const found = await stat(folder).catch(() => null);
  if (found === null) throw new Error(`Cannot compress '${folder}': there is no such folder`);
  if (!found.isDirectory()) throw new Error(`Cannot compress '${folder}': it is not a folder`);
  const files: { path: string; size: number }[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && await isText(path)) {
        files.push({ path, size: (await stat(path)).size });
      }
    }
  }
  files.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  return files.map(({ path }) => relative(folder, path));
}

/** Whether a file is text: UTF-8 without a zero byte. */
async function isText(path: string): Promise<boolean> {
  try {
    const bytes = await readFile(path);
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false;
  }
}
