import { testCancelling } from "../conformance/cancelling_conformance.ts";
import { BODY_KINDS } from "../conformance/gevent_support.ts";

for (const kind of BODY_KINDS) testCancelling(kind);
