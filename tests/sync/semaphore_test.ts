import { BoundedSemaphore, Semaphore } from "../../sync/mod.ts";
import { semaphoreConformance } from "../conformance/semaphore_conformance.ts";

semaphoreConformance("Semaphore", (value, options) => new Semaphore(value, options), false);
semaphoreConformance(
  "BoundedSemaphore",
  (value, options) => new BoundedSemaphore(value, options),
  true,
);
