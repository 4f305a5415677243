/**
 * How a worker has ended that is a process.
 *
 * @module
 */

import { WorkerLostError } from "../errors.ts";
import type { Process } from "../process/process.ts";
import type { WorkerEnd } from "./worker_host.ts";

/** Says how the process of a worker has ended, as far as it has. */
export function endOfProcess(process: Process<never[], unknown>): WorkerEnd {
  const { exitcode, pid } = process;
  const end: WorkerEnd = { cause: null, exitcode, reason: "it has ended", pid };
  if (process.isAlive()) return { ...end, exitcode: null, reason: "it was killed" };
  try {
    process.joinSync({ timeout: 0 });
    if (exitcode !== null) end.reason = `its process exited with code ${exitcode}`;
  } catch (error) {
    const isLost = error instanceof WorkerLostError;
    const { message } = Object(error) as Partial<Error>;
    end.reason = isLost ? reasonOf(error) : `its process failed: ${message ?? error}`;
    end.cause = isLost ? error.cause ?? null : error;
    if (isLost) {
      end.exitcode = error.exitcode;
      end.signal = error.signal;
    }
  }
  return end;
}

function reasonOf({ message }: WorkerLostError): string {
  return message.slice(message.indexOf(": ") + 2);
}
