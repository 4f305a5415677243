import "../conformance/polling_setup.ts";
import { everyQueue } from "../conformance/every_queue.ts";

everyQueue();
