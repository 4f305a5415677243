/**
 * Where everything lies in a queue.
 *
 * ```text
 * record   HEAD TAIL MAXSIZE BLOCK RING DONE DROPPED DROP_TO VERSION HEAPED, and three lists of waiters
 * block    one page of the heap: the journal, the two descriptions of the ring, what is lost, and the first ring
 * ring     a power of two of refs; FIFO slot = number & mask, LIFO and priority slot = 0 .. size - 1
 * chunk    one page of the heap: QUEUE, then cells from word 4
 * run      the pages of one large item: QUEUE, then its cell at word 2
 * slot     of each agent that takes items: GOT REPORTS FOREIGN
 * cell     tag | words before the payload << 8, length; priority: number, length of the key, key; payload
 * ```
 *
 * A ref is the index of a cell's first word in the arena; where nobody else is, and no key, it is a number without a cell. `size = TAIL - HEAD` and `unfinished = TAIL - DROPPED - DONE / 2`:
 * differences of words that each operation changes by one store, so that no two of them can disagree.
 *
 * @module
 */

import { HEAP_WORD_BASE, MAIN, PAGE_BASE, PAGE_WORDS, S_AUX, S_COUNT, S_PREV } from "./layout.ts";

export { OWNER } from "./layout.ts";

/** Record: items taken so far, less those that came back. */
export const Q_HEAD: number = MAIN;
/** Record: items put so far. */
export const Q_TAIL: number = MAIN + 1;
/** Record: how many items there may be; 0 = any number; below 0: not so many, but so many bytes of items. */
export const MAXSIZE: number = MAIN + 2;
/** Record: its block. */
export const BLOCK: number = MAIN + 3;
/** Record: which of the two descriptions of the ring counts: the last bit. */
export const RING: number = MAIN + 4;
/** Record: twice the number of calls of `taskDone`, and `FROZEN`. */
export const DONE: number = MAIN + 5;
/** Record: items dropped by a shutdown. */
export const DROPPED: number = MAIN + 6;
/** Record: what `DROPPED` will be when they are. */
export const DROP_TO: number = MAIN + 7;
/** Record: changes whenever an order by comparison may have changed. */
export const VERSION: number = MAIN + 8;
/** Record: so many items at the beginning of the ring are in heap order. */
export const HEAPED: number = MAIN + 9;

/** Flag: nothing is put any more. */
export const SHUT: number = 1 << 1;
/** Flag: everything is dropped that is there, or comes back. */
export const DRAIN: number = 1 << 2;
/** Flag: somebody is dropping everything. */
export const DRAINING: number = 1 << 3;
/** Flag: no barging, the first getter was passed over for too long. */
export const GET_HANDOFF: number = 1 << 4;
/** Flag: no barging, the first putter was passed over for too long. */
export const PUT_HANDOFF: number = 1 << 5;
/** Flag: last in, first out. */
export const STACK: number = 1 << 6;
/** Flag: smallest first. */
export const HEAP: number = 1 << 7;
/** Flag: a function of the program compares. */
export const COMPARED: number = 1 << 8;
/** Flag: items may be lost that nobody has reported. */
export const LOSSES: number = 1 << 9;
/** Bit of `DONE`: somebody counts what the dead have taken, nobody else reports anything. */
export const FROZEN = 1;

/** List of those who wait for an item. */
export const GETTERS = 0;
/** What a getter keeps who only waits until there is an item, and takes none. */
export const PEEK = 1;
/** List of those who wait for room. */
export const PUTTERS = 1;
/** List of those who wait until everything is done. */
export const JOINERS = 2;

/** Block: so many entries of the journal are to be carried out; 0 = none. */
export const J_COUNT = 0;
/** Block: base and mask of a ring; then those of the other. */
export const R_BASE = 2;
/** Block: mask of a ring. */
export const R_MASK = 3;
/** Block: items that were lost up to the last death. */
export const B_LOST = 1;
/** Block: the sum of FOREIGN of all agents at the last death. */
export const B_BASE = 6;
/** Block: how often agents that are no more have reported an item. */
export const B_GONE = 7;
/** Block: the journal, pairs of an index and what is to be there. */
export const JOURNAL = 8;
/** Block: the first ring. */
export const FIRST_RING = 512;
/** Refs in the first ring. */
export const FIRST_RING_SIZE: number = PAGE_WORDS - FIRST_RING;

/** Slot of an agent: items that it has got. */
export const S_GOT: number = S_COUNT;
/** Slot of an agent: twice the items that it has reported as done, and one more while it reports one. */
export const S_REPORTS: number = S_PREV;
/** Slot of an agent: how many of those it had not got itself. */
export const S_FOREIGN: number = S_AUX;

/** Chunk: the record of its queue. */
export const C_QUEUE = 0;
/** Chunk: the first cell. */
export const CELLS = 4;
/** Run: the only cell. */
export const RUN_CELL = 2;
/** Words of a cell at most that lies in a chunk. */
export const LARGEST_CELL = 508;
/** What the owner of a chunk adds to its count, so that it does not come to 0 while he uses it. */
export const BIAS = 1024;

/** Tags of cells from here on have their length in bytes in the second word. */
export const FIRST_SIZED = 4;
/** The last of those tags. */
export const LAST_SIZED = 7;
/**
 * Cell: the number of the item, which decides among equal keys. In a queue with a limit in bytes: where the item ends in
 * the stream of all bytes; in place of the key stands where it begins.
 */
export const CELL_NUMBER = 2;
/** Cell: the length of its key in bytes, or `NUMERIC`. */
export const CELL_KEY_LENGTH = 3;
/** Cell: the key, if there is one. */
export const CELL_KEY = 4;
/** In place of the length of a key: it is a number, in two words. */
export const NUMERIC: number = -1;

/** Page (word in the page table) of a ref. */
export function pageOf(ref: number): number {
  return PAGE_BASE + ((ref - HEAP_WORD_BASE) >>> 10);
}

/** Address of the page of a ref. */
export function addressOf(ref: number): number {
  return ((ref - HEAP_WORD_BASE) >>> 10) + 1;
}

/** First word of the page with an address. */
export function wordOf(address: number): number {
  return HEAP_WORD_BASE + (address - 1) * PAGE_WORDS;
}

/** Gives the ref of an item that has no cell: number `i` of a table of this thread, in a queue that nobody else knows. */
export function refOf(i: number): number {
  return (i + 1) * REF_STEP;
}

/** Gives the number of an item that has no cell. */
export function numberOf(ref: number): number {
  return ref / REF_STEP - 1;
}

/** Whether an item has no cell. */
export function isNumber(ref: number): boolean {
  return ref < HEAP_WORD_BASE;
}

/** So far from each other that none is taken for a cell with pages of its own. */
const REF_STEP = 4;
/** So many items can have no cell. */
export const MOST_NUMBERS: number = HEAP_WORD_BASE / REF_STEP - 1;

/** Whether an item has pages of its own. */
export function isRun(ref: number): boolean {
  return ((ref - HEAP_WORD_BASE) & (PAGE_WORDS - 1)) === RUN_CELL;
}
