import { RLock } from "../../sync/mod.ts";
import { rlockConformance } from "../conformance/rlock_conformance.ts";

rlockConformance((options) => new RLock(options));
