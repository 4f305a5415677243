/**
 * `@std/assert`, taken from npm: the same source as on JSR, which not every build machine reaches.
 * That package has no types of its own; `assert.d.ts` names the part that the tests use.
 */
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
