/**
 * Builds the API reference of all exports: `deno task docs` writes it to `docs/api/`. What Deno warns of is an error.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT, run } from "./run.ts";

const { name, exports }: { name: string; exports: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, "deno.json"), "utf8"),
);
const output = join(ROOT, "docs", "api");
await rm(output, { recursive: true, force: true });
const files = Object.values(exports);
const said = await run(
  Deno.execPath(),
  ["doc", "--html", `--name=${name}`, `--output=${output}`, ...files],
  { quiet: true, merge: true, env: { NO_COLOR: "1" } },
);
if (/warning/i.test(said)) throw new Error(`Cannot build the API reference: ${said}`);

// Deno takes the names of the modules from their folders; a reader imports them by the name of the package.
for (const path of await readdir(output, { recursive: true })) {
  if (!path.endsWith(".html")) continue;
  const html = await readFile(join(output, path), "utf8");
  const usage = html.replace(
    /(import [^;<]* from &quot;)(\.|[a-z]+)(&quot;;)/g,
    (all, before: string, module: string, after: string) => {
      const key = module === "." ? module : `./${module}`;
      return key in exports ? `${before}${join(name, module)}${after}` : all;
    },
  );
  // The page of the main module names the others, and has no links to them.
  const linked = path !== "index.html" ? usage : usage.replace(
    new RegExp(`<code>${name}/([a-z]+)</code>`, "g"),
    (all, module: string) =>
      `./${module}` in exports ? `<a href="./${module}/index.html">${all}</a>` : all,
  );
  if (linked !== html) await writeFile(join(output, path), linked);
}
console.log(said.trim());
