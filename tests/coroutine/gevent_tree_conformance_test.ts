import { geventTreeConformance } from "../conformance/gevent_tree_conformance.ts";
import { BODY_KINDS } from "../conformance/gevent_support.ts";

for (const kind of BODY_KINDS) geventTreeConformance(kind);
