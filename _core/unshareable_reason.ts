/**
 * Why a value cannot travel, and what to do instead.
 *
 * @module
 */

/** Says why an object of some other class cannot be sent, as `what it is: what to do`. */
export function unshareableReason(value: object): string {
  if (isRevokedProxy(value)) return "a revoked proxy has no content";
  const name = className(value);
  const is = (type: string) => {
    const known = (globalThis as Record<string, unknown>)[type];
    return typeof known === "function" && value instanceof known;
  };
  if (is("Promise") || "then" in value && typeof value.then === "function") {
    return `a ${name} does not travel, await it first and send its value`;
  }
  if (is("WeakMap") || is("WeakSet") || is("WeakRef")) {
    return `a ${name} does not travel, send a Map, a Set or the object itself`;
  }
  if (is("AbortSignal") || is("AbortController")) {
    return `an ${name} does not travel, pass 'signal' in the options of the call, or send an Event`;
  }
  if (is("URL")) return "a URL object does not travel, send its 'href'";
  if (is("Blob")) return `a ${name} does not travel, send its bytes: await blob.bytes()`;
  if (is("MessagePort")) return "a MessagePort does not travel, send a Queue or a Connection";
  if (is("ReadableStream") || is("WritableStream")) {
    return `a ${name} does not travel, send its chunks through a Queue`;
  }
  if (Symbol.iterator in value || Symbol.asyncIterator in value) {
    if ("next" in value) {
      return `${article(name)} does not travel, send an array of its values: [...values]`;
    }
  }
  const { constructor } = value;
  if (is(name) && constructor === (globalThis as Record<string, unknown>)[name]) {
    return `${article(name)} does not travel, send what it holds as a plain object`;
  }
  return `an instance of class ${name} does not travel, make the class shareable(import.meta, ${name}), ` +
    "or send a plain object";
}

/** Gives the name of an object's class, for messages. */
export function className(value: object): string {
  const tagged = Object.prototype.toString.call(value).slice(8, -1);
  const constructor: unknown = (value as { constructor?: unknown }).constructor;
  if (typeof constructor === "function" && constructor !== Object && constructor.name) {
    return constructor.name;
  }
  return tagged;
}

function article(name: string): string {
  return `${/^[AEIOU]/i.test(name) ? "an" : "a"} ${name}`;
}

/** Tells whether a value is a proxy that was revoked: every other operation on it throws. */
export function isRevokedProxy(value: object): boolean {
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}
