import "../conformance/process_setup.ts";
import { everySync } from "../conformance/every_sync.ts";

everySync();
