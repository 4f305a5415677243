import { Condition } from "../../sync/mod.ts";
import { conditionConformance } from "../conformance/condition_conformance.ts";

conditionConformance((lock, options) => new Condition(lock, options));
