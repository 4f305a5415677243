/**
 * How queues travel: the record by its index, and beside it the functions of its order and the class, if it is a subclass.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import type { HandleRecord } from "../_core/handle.ts";
import { moduleRef } from "../_core/module_registry.ts";
import { handleOf, type Place, registerPlaced } from "../_core/place.ts";
import type { OrderFunctions } from "./settings.ts";

/** What travels beside a record. */
interface Luggage extends OrderFunctions {
  class?: { prototype: object };
  fields?: Record<string, unknown>;
}

/** The classes of this module, by the type of their handles. */
const classes: Map<string, { prototype: object }> = new Map();

let revived: Place | null = null;

/** Gives the place of the queue that is being rebuilt, once, or `null` when a new one is made. */
export function takeRevived(): Place | null {
  const place = revived;
  revived = null;
  return place;
}

/** Gives what travels of a queue; `functions` are those of its order. */
export function queueHandle(
  place: Place,
  queue: object,
  type: string,
  target: "thread" | "process",
  functions: OrderFunctions,
): HandleRecord {
  const luggage: Luggage = { ...functions };
  if (Object.getPrototypeOf(queue) !== classes.get(type)?.prototype) {
    const cls = queue.constructor;
    if (moduleRef(cls) === null) {
      throw new UnshareableError(
        `Cannot send ${cls.name}: its class does not travel, make it known: shareable(import.meta, ${cls.name})`,
      );
    }
    luggage.class = cls;
    luggage.fields = Object.fromEntries(Object.entries(queue));
  }
  const extra = Object.keys(luggage).length === 0 ? undefined : luggage;
  return handleOf(place, queue, type, target, extra);
}

/** Registers a class of queues; `make` makes one on the place that {@linkcode takeRevived} gives. */
export function registerQueue(
  type: string,
  url: string,
  cls: { prototype: object },
  make: (functions: OrderFunctions) => object,
): void {
  classes.set(type, cls);
  registerPlaced(type, url, (place, luggage) => {
    const { class: subclass, fields, ...functions } = (luggage ?? {}) as Luggage;
    revived = place;
    let queue: object;
    try {
      queue = make(functions);
    } finally {
      revived = null;
    }
    if (subclass === undefined) return queue;
    Object.setPrototypeOf(queue, subclass.prototype);
    return Object.assign(queue, fields);
  });
}
