/**
 * What a process in a sandbox sends to the one that has started it: plain data alone. A function, a task or a class would have
 * that one run what the sandbox keeps in. The sender sees to it, so that honest programs get good errors, and the
 * receiver trusts nobody.
 *
 * @module
 */

import { RemoteError, UnshareableError } from "../errors.ts";
import { encodeAnyError } from "./any_error.ts";
import { decodeRange, encode } from "./codec_core.ts";

/** Gives an error if a message is more than plain data, or malformed; `null` if it is not. */
export function refusalOf(bytes: Uint8Array, what: string): UnshareableError | null {
  try {
    decodeRange(bytes, 0, bytes.length, [], { untrusted: true, maxBytes: Infinity });
    return null;
  } catch (cause) {
    return new UnshareableError(
      `Cannot send ${what}: a process in a sandbox gives back plain data alone, and no functions, tasks, handles or ` +
        "instances of classes",
      { cause },
    );
  }
}

/** Encodes an error as plain data: one whose class is not known everywhere becomes a `RemoteError`. */
export function encodePlainError(error: unknown): Uint8Array {
  const { bytes } = encodeAnyError(error, "process");
  if (refusalOf(bytes, "error") === null) return bytes;
  const { constructor, message, stack } = Object(error) as Partial<Error>;
  const plain = new RemoteError(String(message), {
    remoteName: String(constructor?.name),
    remoteStack: String(stack),
  });
  return encode(plain, "process").bytes;
}
