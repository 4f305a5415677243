/** The tests that do not run on Node, by file or folder, each with its reason. */
export const DENO_ONLY: Readonly<Record<string, string>> = {
  "tests/coroutine/monkey_deno_test.ts": "it patches the Deno namespace",
  "tests/runtime/child_command_test.ts": "only Deno has settings that its children have to find",
  "tests/runtime/type_check_test.ts": "only Deno checks types",
  "tests/scripts/": "the scripts of the repository run on Deno alone",
};
