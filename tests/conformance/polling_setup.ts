/** As `process_setup.ts`, on memory as it is where there are no futexes: with a name, and looked at again and again. */

import { forceNamedMemory } from "../../_runtime/memory.ts";

export { tested } from "./process_setup.ts";

forceNamedMemory();
