// What each thread does: it takes the next file until none is left.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { type Lock, task, type Value } from "@nogil/std";

/** What all threads share: each field arrives in a thread as the same memory. */
export interface Shared {
  /** The number of the next file to take. */
  next: Value<"i">;
  /** Guards the totals. */
  lock: Lock;
  /** The totals. */
  files: Value<"i">;
  bytesIn: Value<"d">;
  bytesOut: Value<"d">;
}

/** A file's number and the hash of its compressed bytes. */
export type Digest = [file: number, sha256: string];

/** Compresses and hashes files until none is left. */
export const compressFiles = task(
  import.meta,
  (folder: string, paths: readonly string[], shared: Shared): Digest[] => {
    const digests: Digest[] = [];
    for (let i = take(shared.next); i < paths.length; i = take(shared.next)) {
      const bytes = readFileSync(join(folder, paths[i] as string));
      const packed = brotliCompressSync(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      });
      digests.push([i, createHash("sha256").update(packed).digest("hex")]);

      const guard = shared.lock.acquireSync();
      try {
        shared.files.value += 1;
        shared.bytesIn.value += bytes.length;
        shared.bytesOut.value += packed.length;
      } finally {
        guard.release();
      }
    }
    return digests;
  },
);

/** Takes a number that no other thread gets. */
function take(next: Value<"i">): number {
  return next.add(1);
}
