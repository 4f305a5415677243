/**
 * What of a queue's memory goes when its object does.
 *
 * These functions are made where nothing refers to the object that is watched: they must not keep it alive.
 *
 * @module
 */

import { TYPE } from "./layout.ts";
import { Chunks, freeCell } from "./queue_chunks.ts";
import type { Items } from "./queue_items.ts";
import { BLOCK } from "./queue_layout.ts";
import { recount } from "./queue_repair.ts";
import { forEachRef, freeRings } from "./queue_ring.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** Makes the chunks of an agent in a queue. */
export function chunksOf(q: WaitQueue, o: number): Chunks {
  return new Chunks(q, o, () => {
    q.latch(o);
    recount(q, o);
    q.unlatch(o);
  });
}

/** Gives what frees the memory of a queue that nobody knows any more, and lets go of its items. */
export function disposerOf(
  q: WaitQueue,
  o: number,
  chunks: Chunks,
  items: Items | null,
): () => void {
  return () => {
    if (q.w.load(o + TYPE) === 0 || q.w.load(o + BLOCK) === 0) return;
    const refs: number[] = [];
    forEachRef(q, o, (ref) => refs.push(ref));
    for (const ref of refs) {
      items?.forget(ref);
      freeCell(q, ref);
    }
    chunks.leave();
    freeRings(q, o);
  };
}
