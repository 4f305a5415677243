import { asyncioConformance } from "../conformance/asyncio_conformance.ts";
import { runnerConformance } from "../conformance/runner_conformance.ts";
import { taskGroupConformance } from "../conformance/task_group_conformance.ts";
import { FORMS } from "../conformance/asyncio_support.ts";

for (const form of FORMS) {
  asyncioConformance(form);
  taskGroupConformance(form);
  runnerConformance(form);
}
