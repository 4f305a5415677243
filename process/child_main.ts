/**
 * The main thread of a child process: it says hello, hears what it shall do, does it, and says what has come of it.
 *
 * The connection to the parent stays open to the end. When it breaks, the parent is gone, and so is this process; a thread
 * of its own sees to that while this one computes or blocks (see `parent_watch.ts`).
 *
 * @module
 */

import { encodeAnyError } from "../_core/any_error.ts";
import { decode, encode, type Encoded, requiredModules } from "../_core/codec.ts";
import { importModules } from "../_core/module_registry.ts";
import { enterFamily } from "../_core/process_family.ts";
import { announceEnd, exitCode, setArguments, takeVariable } from "../_runtime/child_self.ts";
import { setLineage } from "../_runtime/lineage.ts";
import { connectLocal, type LocalSocket, removeAddress } from "../_runtime/local_socket.ts";
import { dieWithParent, killSelf } from "../_runtime/parent_watch.ts";
import { runtime } from "../_runtime/runtime.ts";
import { allEnded } from "../thread/launcher.ts";
import { realm } from "../thread/realm.ts";
import { becomeCurrent } from "./current_process.ts";
import {
  CONTROL,
  ERROR,
  frame,
  FrameReader,
  hello,
  KEY_VARIABLE,
  REQUEST,
  RESULT,
  WATCH,
} from "./frames.ts";
import type { Assignment, Work } from "./orders.ts";

/** Runs this process as the child of the one at an address. */
export async function runChild(address: string): Promise<void> {
  const key = takeVariable(KEY_VARIABLE, !address.startsWith("unix:"));
  dieWithParent(address, hello(WATCH, key));
  let assign: (bytes: Uint8Array) => void = () => {};
  const assigned = new Promise<Uint8Array>((resolve) => assign = resolve);
  const reader = new FrameReader((type, payload) => {
    if (type === REQUEST) assign(payload);
  });
  let socket: LocalSocket;
  try {
    socket = await connectLocal(address, {
      onData: (bytes) => reader.push(bytes),
      onClose: killSelf,
    });
  } catch {
    removeAddress(address);
    return killSelf();
  }
  socket.send(hello(CONTROL, key));
  const assignment = decode(await assigned) as Assignment;
  if (assignment.ticket !== null) enterFamily(assignment.ticket);
  setLineage(assignment.lineage);
  setArguments(assignment.lineage.argv);
  await new Run(socket).begin(assignment.work);
}

/** What the process is for, from its assignment to its end. */
class Run {
  readonly #socket: LocalSocket;
  #over = false;

  constructor(socket: LocalSocket) {
    this.#socket = socket;
    runtime().onUncaught((error) => void this.#end("error", error));
  }

  async begin(bytes: Uint8Array): Promise<void> {
    try {
      const own = realm();
      own.importing = true;
      try {
        await importModules(requiredModules(bytes));
      } finally {
        own.importing = false;
      }
      const process = becomeCurrent(decode(bytes) as Work);
      await this.#end("result", await process.run());
    } catch (error) {
      await this.#end("error", error);
    }
  }

  /** Reports the outcome, the first one, and ends the process when nothing is left that it waits for. */
  async #end(kind: "result" | "error", value: unknown): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const { type, bytes } = outcomeFrame(kind, value);
    this.#socket.send(frame(type, bytes));
    await this.#socket.flush();
    announceEnd();
    await allEnded();
    runtime().exitWorker(type === ERROR ? 1 : exitCode());
  }
}

function outcomeFrame(
  kind: "result" | "error",
  value: unknown,
): { type: number; bytes: Uint8Array } {
  let type = kind === "result" ? RESULT : ERROR;
  let encoded: Encoded;
  try {
    encoded = encode(value, "process", "result");
  } catch (error) {
    type = ERROR;
    encoded = encodeAnyError(kind === "error" ? value : error, "process");
  }
  return { type, bytes: encoded.bytes };
}
