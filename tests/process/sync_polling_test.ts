import "../conformance/polling_setup.ts";
import { everySync } from "../conformance/every_sync.ts";

everySync();
