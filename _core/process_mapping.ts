/**
 * Where the memory of the family is mapped, as the threads of a process tell each other.
 *
 * @module
 */

import type { Mapping } from "../_runtime/memory.ts";
import {
  FAMILY_ADDRESS,
  FAMILY_FD,
  FAMILY_PAGES,
  FAMILY_POLLS,
  FAMILY_TAG,
  PAGE_BYTES,
} from "./layout.ts";
import type { SharedWords } from "./shared_words.ts";

/** Notes for all threads of this process where the memory is. */
export function remember(
  threads: SharedWords,
  mapping: Mapping,
  tag: number,
  polls: boolean,
): void {
  threads.store(FAMILY_ADDRESS, mapping.address | 0);
  threads.store(FAMILY_ADDRESS + 1, Math.floor(mapping.address / 2 ** 32));
  threads.store(FAMILY_PAGES, mapping.length / PAGE_BYTES);
  threads.store(FAMILY_FD, mapping.fd);
  threads.store(FAMILY_POLLS, polls ? 1 : 0);
  threads.store(FAMILY_TAG, tag);
}

/** Where the memory is mapped in this process. */
export function recall(threads: SharedWords): Mapping {
  return {
    address: threads.load(FAMILY_ADDRESS + 1) * 2 ** 32 + (threads.load(FAMILY_ADDRESS) >>> 0),
    length: threads.load(FAMILY_PAGES) * PAGE_BYTES,
    fd: threads.load(FAMILY_FD),
  };
}
