/**
 * What a thread is asked to do, as it travels to the worker.
 *
 * @module
 */

import { decode, encode, type Encoded, requiredModules } from "../_core/codec.ts";
import { importForTask, isImportingForTask, moduleRef } from "../_core/module_registry.ts";
import { InvalidStateError, UnshareableError } from "../errors.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import type { Innards } from "./innards.ts";
import { takeBuffers } from "./realm.ts";

/** What a thread is asked to do. */
export interface Request {
  /** The function to call. */
  target?: (...args: never[]) => unknown;
  /** Its arguments. */
  args: unknown[];
  /** When a timer calls it, in milliseconds since the epoch; -1 if it was cancelled already. */
  due?: number;
  /** The class whose `run` is called instead. */
  // deno-lint-ignore ban-types -- functions of any signature, classes included
  class?: Function;
  /** The fields of its instance. */
  fields?: Record<string, unknown>;
}

/** Gives the request of a thread that is to start; `asInstance` says that its class does the work. */
export function requestOf(thread: object, innards: Innards, asInstance: boolean): Request {
  const { name, target, args, delay, cancelled } = innards;
  const request: Request = { args };
  if (target !== null) request.target = target;
  if (delay >= 0) {
    request.due = cancelled ? -1 : performance.timeOrigin + performance.now() + delay;
  }
  if (!asInstance) return request;
  if (moduleRef(thread.constructor) === null) {
    throw new UnshareableError(
      `Cannot start thread ${name}: its class does not travel, make it known: ` +
        `shareable(import.meta, ${thread.constructor.name})`,
    );
  }
  request.class = thread.constructor;
  request.fields = Object.fromEntries(Object.entries(thread));
  return request;
}

/** Encodes a request; nothing has happened yet when this throws. */
export function encodeRequest(request: Request): Encoded {
  return encode(request, "thread", "thread");
}

/** Takes the request of a thread out of its record, and imports what it needs. */
export function takeRequest(record: ThreadRecord): Request | Promise<Request> {
  const { bytes, buffers } = record.takeRequest();
  const shared = buffers === 0 ? [] : takeBuffers(buffers, false);
  const modules = requiredModules(bytes);
  if (modules.length === 0) return decode(bytes, shared) as Request;
  return importForTask(modules).then(() => decode(bytes, shared) as Request);
}

/** Refuses a start while a module is being imported for its task: it would go on for ever. */
export function checkNotImporting(name: string, kind: "thread" | "process"): void {
  if (!isImportingForTask()) return;
  throw new InvalidStateError(
    `Cannot start ${kind} ${name}: a module that is being imported here, to find a task, starts it at its top level. ` +
      "Put what only the program itself should do behind: if (isMain(import.meta)) { … }",
  );
}
