/**
 * Modules of this library that a child process loads when it needs them, and not before.
 *
 * @module
 */

/**
 * Gives the URL of a module next to another one, by its path without the ending, which is that of all modules here.
 *
 * Deno loads whatever an `import()` names, when it loads the module; what it cannot read, it loads when it gets there.
 */
export function neighbour(meta: ImportMeta, path: string): string {
  return new URL(path + (/\.\w+$/.exec(meta.url)?.[0] ?? ""), meta.url).href;
}
