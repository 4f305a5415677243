/**
 * Runs a program of `bench/` or `tests/` on Node, against the built npm package:
 * `deno task node [--node=20] bench/queue_bench.ts [ARGUMENTS OF THE PROGRAM…]`.
 *
 * `--node` chooses one of the Nodes that the tests run on, by its major version; the one on the `PATH` by default.
 *
 * @module
 */
import { join } from "node:path/posix";
import { findNodes, inNodeTree, transpile } from "./node_tree.ts";
import { attempt } from "./run.ts";

const wanted = Deno.args[0]?.startsWith("--node=") ? Deno.args[0].slice(7) : null;
const [path, ...args] = Deno.args.slice(wanted === null ? 0 : 1);
const nodes = await findNodes();
const node = wanted === null ? nodes[0] : nodes.find(({ major }) => major === wanted);
if (node === undefined || !path?.endsWith(".ts")) {
  throw new Error("Cannot run on Node: expected [--node=MAJOR] PATH.ts [ARGUMENTS…]");
}
await inNodeTree(async (work) => {
  const tree = join(work, node.major);
  await transpile(tree, node, ["tests", "bench"]);
  const program = path.replace(/\.ts$/, ".js");
  const { ok } = await attempt(node.binary, [program, ...args], { cwd: tree });
  if (!ok) Deno.exitCode = 1;
});
