import { RWLock } from "../../sync/mod.ts";
import { rwlockConformance } from "../conformance/rwlock_conformance.ts";

rwlockConformance((options) => new RWLock(options));
