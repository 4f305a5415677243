/**
 * Where a synchronization object lives, and how it travels.
 *
 * An object of the library is a view on a record in an arena. It is known by the record's index, so that any thread can
 * rebuild it; in one thread, one record is always the same object. A record that no other thread has ever known is freed
 * when its object is collected.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import { type Agent, agentOf } from "./agent.ts";
import { type HandleRecord, registerHandle, type Scope } from "./handle.ts";
import { OWNER } from "./layout.ts";
import { familyId, processAgent } from "./process_family.ts";

/** Where an object lives. */
export interface Place {
  /** This thread in the arena. */
  readonly agent: Agent;
  /** The index of the record. */
  readonly o: number;
  /** How far the object travels. */
  readonly scope: Scope;
}

/** A record, and what else goes with it when it is freed. */
interface Adopted {
  readonly place: Place;
  readonly dispose: (() => void) | undefined;
}

/** What travels of an object: its record, what else belongs to it, and at scope `"process"` the number of the family. */
type Data = number | [o: number, extra: unknown] | [o: number, extra: unknown, family: number];

/** The objects that others know, by their records; those of scope `"process"` by the negative. */
const known: Map<number, WeakRef<object>> = new Map();
const collected = new FinalizationRegistry<Adopted>(forget);

/**
 * Checks the scope of an options object.
 *
 * @throws {TypeError} If it is no scope.
 * @throws {NotSupportedError} If it is `"process"`, and FFI is not granted, not installed, or not there.
 */
export function checkScope(options: { scope?: Scope } | undefined, what: string): Scope {
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw new TypeError(
      `Cannot create ${what}: options must be an object, as { scope: "process" }: received ${
        options === null ? "null" : typeof options
      }`,
    );
  }
  const scope = options?.scope ?? "thread";
  if (scope === "process") processAgent(`create ${what}`);
  else if (scope !== "local" && scope !== "thread") {
    throw new TypeError(
      `Cannot create ${what}: 'scope' must be "local", "thread" or "process": received ${
        String(scope)
      }`,
    );
  }
  return scope;
}

/** Makes a record for a new object. */
export function createPlace(type: number, scope: Scope): Place {
  const agent = agentOf(scope);
  const o = agent.arena.allocateObject(type);
  agent.arena.words.store(o + OWNER, agent.id);
  return { agent, o, scope };
}

/**
 * Ties a record's life to its object.
 *
 * @param dispose Called when the record is freed, to free what belongs to it.
 */
export function adopt(place: Place, object: object, dispose?: () => void): void {
  collected.register(object, { place, dispose });
}

/**
 * Gives what travels of an object, which other threads know from now on.
 *
 * @throws {UnshareableError} If the object's scope does not reach the target.
 */
export function handleOf(
  place: Place,
  object: object,
  type: string,
  target: "thread" | "process",
  extra?: unknown,
): HandleRecord {
  const { o, scope } = place;
  if (scope === "local" || (scope === "thread" && target === "process")) {
    const name = type.slice(type.indexOf("/") + 1);
    throw new UnshareableError(
      `Cannot send ${name}: its scope is "${scope}", create it with { scope: "${target}" }`,
    );
  }
  place.agent.share(o);
  const key = keyOf(place);
  if (!known.has(key)) known.set(key, new WeakRef(object));
  const data: Data = scope === "process"
    ? [o, extra, familyId()]
    : extra === undefined
    ? o
    : [o, extra];
  return { type, data };
}

function keyOf({ o, scope }: Place): number {
  return scope === "process" ? -o : o;
}

/** Registers how objects of a class are rebuilt from their record; one record is one object in each thread. */
export function registerPlaced<T extends object>(
  type: string,
  url: string,
  revive: (place: Place, extra: unknown) => T,
): void {
  registerHandle(type, (data) => {
    const [o, extra, family] = Array.isArray(data) ? data as [number, unknown, number?] : [
      data as number,
    ];
    const scope = family === undefined ? "thread" : "process";
    if (family !== undefined && family !== familyId()) {
      throw new UnshareableError(
        `Cannot receive ${type.slice(type.indexOf("/") + 1)}: it comes from a process that is no ` +
          "relative of this one, with which it shares no memory",
      );
    }
    const place: Place = { agent: agentOf(scope), o, scope };
    const key = keyOf(place);
    const here = known.get(key)?.deref();
    if (here !== undefined) return here;
    const object = revive(place, extra);
    known.set(key, new WeakRef(object));
    adopt(place, object);
    return object;
  }, url);
}

function forget({ place, dispose }: Adopted): void {
  const { agent, o, scope } = place;
  const key = keyOf(place);
  if (scope !== "local" && known.get(key)?.deref() === undefined) known.delete(key);
  if (agent.q.isShared(o)) return;
  const holder = agent.q.holders.get(o);
  if (holder !== undefined) {
    agent.q.holders.delete(o);
    agent.q.slots.release(holder);
  }
  dispose?.();
  agent.arena.freeObject(o);
}
