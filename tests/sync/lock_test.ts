import { Lock } from "../../sync/mod.ts";
import { lockConformance } from "../conformance/lock_conformance.ts";

lockConformance((options) => new Lock(options));
