/**
 * Errors that have to arrive, whatever they hold.
 *
 * @module
 */

import { RemoteError } from "../errors.ts";
import { encode, type Encoded, type Target } from "./codec_core.ts";
import { NoSourceReader } from "./source_reader.ts";

/**
 * Encodes an error; one that cannot travel at all as a `RemoteError`.
 *
 * @throws {NoSourceReader} If it holds a plain function, and `codec.ts` is not loaded.
 */
export function encodeAnyError(error: unknown, target: Target): Encoded {
  try {
    return encode(error, target);
  } catch (failure) {
    if (failure instanceof NoSourceReader) throw failure;
    const { name, message, stack } = Object(error) as Partial<Error>;
    return encode(
      new RemoteError(String(message), {
        remoteName: String(name),
        remoteStack: String(stack),
      }),
      target,
    );
  }
}
