/**
 * How a thread has ended, as its joiners see it.
 *
 * @module
 */

import { decode, requiredModules } from "../_core/codec.ts";
import { importModules } from "../_core/module_registry.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { takeBuffers } from "./realm.ts";

/** What a join gives: a result, or an error to be thrown. */
export interface Settled {
  /** Which of the two. */
  kind: "result" | "error";
  /** The result or the error. */
  value: unknown;
}

/** Decodes the outcome of a thread that has ended, and imports what that needs. */
export async function loadOutcome(record: ThreadRecord): Promise<Settled> {
  const { bytes } = record.outcome();
  const modules = requiredModules(bytes);
  if (modules.length > 0) await importModules(modules);
  return loadOutcomeSync(record);
}

/**
 * Decodes the outcome of a thread that has ended.
 *
 * @throws {TypeError} If it needs modules that this thread has not imported.
 */
export function loadOutcomeSync(record: ThreadRecord): Settled {
  const { outcome, bytes, buffers } = record.outcome();
  if (bytes.length === 0) return { kind: "result", value: undefined };
  const missing = requiredModules(bytes);
  if (missing.length > 0) {
    throw new TypeError(
      `Cannot join ${
        record.isProcess ? "process" : "thread"
      } ${record.name} synchronously: its result needs ${
        missing.join(", ")
      }, import it, or use join()`,
    );
  }
  const shared = buffers === 0 ? [] : takeBuffers(buffers, record.shared);
  return { kind: outcome === "result" ? "result" : "error", value: decode(bytes, shared) };
}
