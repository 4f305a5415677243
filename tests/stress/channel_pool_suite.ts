/**
 * All that pools do, by processes that share no memory with them: `deno task stress:channel`.
 *
 * @module
 */

import { Process } from "../../process/mod.ts";
import { poolConformance } from "../conformance/pool_conformance.ts";
import { taskConformance } from "../conformance/task_conformance.ts";
import { kind, runners } from "../pool/channel_pool.ts";

// What starts while a test runs is there for the next.
await Process.prewarm(3);

poolConformance(kind);
taskConformance(runners);
