import { Process } from "../../process/mod.ts";
import { workerConformance } from "../conformance/worker_conformance.ts";
import { runners } from "./channel_pool.ts";

// What starts while a test runs is there for the next.
await Process.prewarm(3);

workerConformance(runners);
