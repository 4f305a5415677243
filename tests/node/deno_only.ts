/** The tests that do not run on Node, by file or folder, each with its reason. */
export const DENO_ONLY: Readonly<Record<string, string>> = {
  "tests/scripts/": "the scripts of the repository run on Deno alone",
};
