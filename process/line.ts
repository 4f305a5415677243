/**
 * The parent's end of the line of a process: see `own_line.ts`.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { tellKeeper } from "../thread/launcher.ts";
import { keeperUrl } from "./keeper.ts";
import type { ToKeeper } from "./orders.ts";
import { postBytes } from "./post_bytes.ts";

/** One end of a line. */
export interface Line {
  /** Sends bytes. */
  send(bytes: Uint8Array): void;
  /** Sets words of the process, which it sees while it computes (`own_flags.ts`): pairs of an index and a value. */
  setFlags(pairs: number[]): void;
  /** Closes this end. */
  close(): void;
}

/**
 * Opens the line of a process that was started, from any thread of its parent; the program is kept alive until it is
 * closed.
 *
 * @param ident The number of its record.
 * @param onMessage Called with what the process sends.
 * @param onClose Called when the process has ended.
 */
export function openLine(
  ident: number,
  onMessage: (bytes: Uint8Array) => void,
  onClose: () => void,
): Line {
  const { port1, port2 } = runtime().createChannel();
  let open = true;
  runtime().onPortMessage(
    port1,
    (message) => onMessage(new Uint8Array(message as ArrayBuffer)),
    () => {
      if (open) onClose();
      open = false;
    },
  );
  tellKeeper(keeperUrl, { type: "line", ident, port: port2 } satisfies ToKeeper, [port2]);
  return {
    send: (bytes) => postBytes(port1, bytes),
    setFlags: (pairs) => port1.postMessage(pairs),
    close() {
      open = false;
      port1.close();
    },
  };
}
