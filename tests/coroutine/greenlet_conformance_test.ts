import { type GreenletFunction, RawGreenlet } from "../../coroutine/mod.ts";
import { greenletConformance } from "../conformance/greenlet_conformance.ts";
import { greenletGarbageConformance } from "../conformance/greenlet_garbage_conformance.ts";

/** A subclass with fields, and without a `run` of its own. */
class Derived extends RawGreenlet {
  args: unknown[] = [];
}

/** What a class of its own with a method `run` makes of a function. */
function makeMethod(run?: GreenletFunction | null, parent?: RawGreenlet | null): RawGreenlet {
  if (run === null || run === undefined || typeof run !== "function") {
    return new RawGreenlet(run, parent);
  }
  class Method extends RawGreenlet {
    override run(...args: unknown[]): unknown {
      return (run as GreenletFunction)(...args);
    }
  }
  return new Method(null, parent);
}

const kinds = [
  {
    name: "RawGreenlet",
    make: (run?: GreenletFunction | null, parent?: RawGreenlet | null) =>
      new RawGreenlet(run, parent),
  },
  {
    name: "subclass",
    make: (run?: GreenletFunction | null, parent?: RawGreenlet | null) => new Derived(run, parent),
  },
  { name: "subclass with run", make: makeMethod },
];

for (const kind of kinds) greenletConformance(kind);
for (const kind of kinds.slice(0, 2)) greenletGarbageConformance(kind);
