/**
 * Writes and reads errors: with their class where both sides know it, else as a `RemoteError`.
 *
 * On the wire: the class (its name; a `REGISTERED` class; or an empty name and then that of the unknown class), a byte of
 * flags, what the flags say in the order message, stack, cause, errors, name; then the own enumerable fields as
 * keys and values, `END`. A DOMException is its class, name, message and stack.
 *
 * @module
 */

import * as ours from "../errors.ts";
import { runtimeErrors } from "../_runtime/main_module.ts";
import type { Decoder } from "./codec_decoder.ts";
import type { Encoder } from "./codec_encoder.ts";
import { corrupt } from "./codec_reader.ts";
import * as tag from "./codec_tags.ts";
import { SENT_AS } from "./handle.ts";
import { shareableClass } from "./module_registry.ts";
import { NoSourceReader } from "./source_reader.ts";
import { className } from "./unshareable_reason.ts";

const HAS_MESSAGE = 1;
const HAS_STACK = 2;
const HAS_CAUSE = 4;
const HAS_ERRORS = 8;
const HAS_NAME = 16;

type ErrorClass = new (...args: never[]) => Error;

/** What goes on the wire as the class of an error. */
type WireClass =
  | { kind: "known"; name: string }
  // deno-lint-ignore ban-types -- functions of any signature, classes included
  | { kind: "shareable"; constructor: Function }
  | { kind: "unknown"; name: string };

/** The classes that both sides know, by name. */
const classes: Map<string, ErrorClass> = new Map();
const names: Map<object, string> = new Map();

/** The error classes of the language; not every runtime has all of them. */
const BUILT_IN = [
  "Error",
  "AggregateError",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SuppressedError",
  "SyntaxError",
  "TypeError",
  "URIError",
];
for (const name of BUILT_IN) {
  const known = (globalThis as unknown as Record<string, ErrorClass | undefined>)[name];
  if (known !== undefined) addClass(name, known);
}
for (const [name, known] of Object.entries(ours)) addClass(name, known as ErrorClass);
for (const [name, known] of Object.entries(runtimeErrors())) addClass(`Deno.errors.${name}`, known);

function addClass(name: string, known: ErrorClass): void {
  classes.set(name, known);
  names.set(known.prototype as object, name);
}

const DOM_EXCEPTION = "DOMException";

/** Tells whether an object is an error, of whatever class and realm. */
export function isErrorObject(value: object): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]" ||
    isDomException(value);
}

function isDomException(value: object): value is DOMException {
  return typeof DOMException === "function" && value instanceof DOMException;
}

/** Writes an error. What it holds and cannot travel (a socket in a field, a cause too deep) is left out. */
export function writeError(encoder: Encoder, error: Error): void {
  encoder.add(error);
  encoder.byte(tag.ERROR);
  if (isDomException(error)) return writeDomException(encoder, error);
  const wireClass = classify(error);
  if (wireClass.kind === "shareable") {
    encoder.value(wireClass.constructor);
  } else {
    encoder.string(wireClass.kind === "known" ? wireClass.name : "");
    if (wireClass.kind === "unknown") encoder.string(wireClass.name);
  }
  const stack = attempt(() => error.stack);
  const flags = (isHidden(error, "message") ? HAS_MESSAGE : 0) |
    (typeof stack === "string" ? HAS_STACK : 0) |
    (isHidden(error, "cause") ? HAS_CAUSE : 0) |
    (isHidden(error, "errors") ? HAS_ERRORS : 0) |
    (isHidden(error, "name") ? HAS_NAME : 0);
  encoder.byte(flags);
  if (flags & HAS_MESSAGE) encoder.string(String(attempt(() => error.message)));
  if (flags & HAS_STACK) encoder.string(stack as string);
  if (flags & HAS_CAUSE && !writeMember(encoder, error, "cause")) encoder.value(undefined);
  if (flags & HAS_ERRORS && !writeMember(encoder, error, "errors")) encoder.value([]);
  if (flags & HAS_NAME) encoder.string(String(attempt(() => error.name)));
  for (const key of Object.keys(error)) {
    const before = encoder.checkpoint();
    encoder.string(key);
    if (!writeMember(encoder, error, key)) encoder.rollback(before);
  }
  encoder.byte(tag.END);
}

/** Reads what follows the tag of an error. */
export function readError(decoder: Decoder): Error {
  const number = decoder.reserveNumber();
  const known = decoder.value();
  if (known === DOM_EXCEPTION) return readDomException(decoder, number);
  const { error, remoteName } = blankError(decoder, known);
  decoder.setObject(number, error);
  const flags = decoder.byte();
  if (flags & HAS_MESSAGE) define(error, "message", decoder.string(), false);
  const remoteStack = flags & HAS_STACK ? decoder.string() : "";
  define(error, "stack", remoteStack, false);
  if (flags & HAS_CAUSE) define(error, "cause", decoder.value(), false);
  if (flags & HAS_ERRORS) define(error, "errors", decoder.value(), false);
  const name = flags & HAS_NAME ? decoder.string() : null;
  const fields: Record<string, unknown> = {};
  const holder = remoteName === null ? error : fields;
  if (name !== null && remoteName === null) define(error, "name", name, false);
  while (!decoder.atEnd()) {
    const key = decoder.string();
    define(holder, key, decoder.value(), true);
  }
  if (remoteName !== null) Object.assign(error, { remoteName, remoteStack, fields });
  return error;
}

/** Says what class goes on the wire for an error. */
function classify(error: Error): WireClass {
  const proto = Object.getPrototypeOf(error) as object | null;
  const known = proto === null ? undefined : names.get(proto);
  if (known !== undefined) return { kind: "known", name: known };
  const sentAs = attempt(() => (error as { [SENT_AS]?: string })[SENT_AS]);
  if (typeof sentAs === "string" && classes.has(sentAs)) return { kind: "known", name: sentAs };
  const constructor = shareableClass(proto);
  if (constructor !== null) return { kind: "shareable", constructor };
  const name = className(error);
  // An error of another realm, such as a `node:vm` context, has a built-in class of that realm.
  if (!(error instanceof Error) && classes.has(name)) return { kind: "known", name };
  const own = attempt(() => error.name);
  return { kind: "unknown", name: typeof own === "string" && !classes.has(own) ? own : name };
}

/** Makes an error of a class from the wire, without running a constructor of the class. */
function blankError(decoder: Decoder, known: unknown): { error: Error; remoteName: string | null } {
  let remoteName: string | null = null;
  let prototype: object;
  if (typeof known === "function") {
    if (!(known.prototype instanceof Error)) throw corrupt("the class of an error is none");
    prototype = known.prototype;
  } else if (typeof known === "string") {
    if (known === "") remoteName = decoder.string();
    // The class of another runtime's own error: it is unknown here.
    else if (!classes.has(known)) remoteName = known.slice(known.lastIndexOf(".") + 1);
    prototype = classes.get(remoteName === null ? known : "RemoteError")?.prototype as object;
  } else {
    throw corrupt("the class of an error is none");
  }
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Error();
  Error.stackTraceLimit = limit;
  return { error: Object.setPrototypeOf(error, prototype) as Error, remoteName };
}

function writeDomException(encoder: Encoder, error: DOMException): void {
  encoder.string(DOM_EXCEPTION);
  encoder.string(error.name);
  encoder.string(error.message);
  const stack = attempt(() => error.stack);
  encoder.string(typeof stack === "string" ? stack : "");
}

function readDomException(decoder: Decoder, number: number): Error {
  const name = decoder.string();
  const error = new DOMException(decoder.string(), name);
  decoder.setObject(number, error);
  define(error, "stack", decoder.string(), false);
  return error;
}

/** Writes a member of an error, unless it cannot travel; tells whether it did. */
function writeMember(encoder: Encoder, error: Error, key: string): boolean {
  const before = encoder.checkpoint();
  try {
    encoder.member(key, (error as unknown as Record<string, unknown>)[key]);
    return true;
  } catch (failure) {
    if (failure instanceof NoSourceReader) throw failure;
    encoder.rollback(before);
    return false;
  }
}

function isHidden(error: Error, key: string): boolean {
  const property = Object.getOwnPropertyDescriptor(error, key);
  return property !== undefined && !property.enumerable;
}

function define(holder: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable, configurable: true });
}

/** Gives what a getter of an error gives, or `undefined` when it throws: an error has to arrive. */
function attempt(get: () => unknown): unknown {
  try {
    return get();
  } catch {
    return undefined;
  }
}
