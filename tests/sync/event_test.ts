import { Event } from "../../sync/mod.ts";
import { eventConformance } from "../conformance/event_conformance.ts";

eventConformance((options) => new Event(options));
