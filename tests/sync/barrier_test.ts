import { Barrier } from "../../sync/mod.ts";
import { barrierConformance } from "../conformance/barrier_conformance.ts";

barrierConformance((parties, options) => new Barrier(parties, options));
