import { geventQueueConformance } from "../conformance/gevent_queue_conformance.ts";
import { BODY_KINDS } from "../conformance/gevent_support.ts";

for (const kind of BODY_KINDS) geventQueueConformance(kind);
