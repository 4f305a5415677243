/**
 * Handles: objects that travel by reference.
 *
 * A lock, a queue, a connection… holds its state in shared words and nowhere else, so that it can be rebuilt anywhere
 * from a small record. Its class has a method under {@linkcode HANDLE} that gives the record, and registers, at module
 * load, the function that rebuilds an object from it. The codec does the rest, at any depth of a value.
 *
 * @module
 */

/** How far an object travels: between coroutines, between threads, or between processes. */
export type Scope = "local" | "thread" | "process";

/** The key of the method that makes an object a handle. */
export const HANDLE: unique symbol = Symbol("nogil.handle");

/** The key under which a class of errors that belongs to one thread names the class as which its instances arrive. */
export const SENT_AS: unique symbol = Symbol("nogil.sentAs");

/** All that is needed to rebuild a handle elsewhere. */
export interface HandleRecord {
  /** The registered type, as `"module/Class"`: `"sync/Lock"`. */
  type: string;
  /** Plain data for the codec; it may hold other handles and shared buffers. */
  data: unknown;
}

/** An object that travels as a {@linkcode HandleRecord}. */
export interface Handled {
  /**
   * Gives the record from which the object is rebuilt.
   *
   * @param target What the record has to reach: another thread of this process, or another process.
   * @throws {UnshareableError} If the object's scope does not reach that far.
   */
  [HANDLE](target: "thread" | "process"): HandleRecord;
}

/** How handles of one type are rebuilt, and the module that says so. */
interface Registration {
  revive: (data: unknown) => object;
  url: string | null;
}

const registrations: Map<string, Registration> = new Map();

/**
 * Registers how handles of a type are rebuilt. Call it once, at module load.
 *
 * @param type The type, as `"module/Class"`.
 * @param revive Builds an object from the record's data.
 * @param url The URL of the registering module (`import.meta.url`). With it, a thread that has not loaded the class
 * imports it by itself before it decodes the handle.
 * @throws {TypeError} If the type is registered already.
 */
export function registerHandle(
  type: string,
  revive: (data: unknown) => object,
  url: string | null = null,
): void {
  if (registrations.has(type)) {
    throw new TypeError(`Cannot register handle type "${type}": it is registered already`);
  }
  registrations.set(type, { revive, url });
}

/** Tells whether the class of a type is loaded in this thread. */
export function isHandleRegistered(type: string): boolean {
  return registrations.has(type);
}

/** Gives the URL of the module that registered a type, or `null`. */
export function handleModule(type: string): string | null {
  return registrations.get(type)?.url ?? null;
}

/** Tells whether a value is a handle. */
export function isHandled(value: object): value is Handled {
  return HANDLE in value && typeof value[HANDLE] === "function";
}

/**
 * Rebuilds an object from its record.
 *
 * @throws {TypeError} If no module that was loaded here has registered the type.
 */
export function reviveHandle(type: string, data: unknown): object {
  const registration = registrations.get(type);
  if (registration === undefined) {
    const slash = type.indexOf("/");
    const module = slash > 0 ? `@nogil/std/${type.slice(0, slash)}` : "the module of its class";
    throw new TypeError(
      `Cannot receive a "${type}": its class is not loaded here, import ${module} in the module of the task`,
    );
  }
  return registration.revive(data);
}
