import { geventPoolConformance } from "../conformance/gevent_pool_conformance.ts";
import { BODY_KINDS } from "../conformance/gevent_support.ts";

for (const kind of BODY_KINDS) geventPoolConformance(kind);
