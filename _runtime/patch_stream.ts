/**
 * Reading piece by piece in the name of greenlets: iterators, streams, connections.
 *
 * @module
 */

import { onAbort, override, type PatchedFunction, type PatchHost } from "./patch_point.ts";

/** Called when somebody who waits for a piece is interrupted; `killed` says that it will not ask again. */
export type OnInterrupt = (reason: unknown, killed: boolean) => void;

/** Results that somebody has asked for and no longer waits for; who asks next gets them. */
export class Leftovers<T> {
  readonly #left: Promise<T>[] = [];

  /** How many there are. */
  get size(): number {
    return this.#left.length;
  }

  /**
   * Waits for what was left, or for what `begin` starts. When the wait is interrupted, that is left for the next one, and
   * `onInterrupt` is called.
   */
  wait(
    host: PatchHost,
    what: string,
    begin: () => PromiseLike<T>,
    onInterrupt: OnInterrupt,
  ): Promise<T> {
    return host.wait(what, (signal, isKilled) => {
      const promise = this.#left.shift() ?? Promise.resolve(begin());
      onAbort(signal, (reason) => {
        promise.then(undefined, () => {});
        this.#left.push(promise);
        onInterrupt(reason, isKilled());
      });
      return promise;
    });
  }
}

/** Makes the steps of an iterator waits. */
export function iterate(
  inner: AsyncIterator<unknown>,
  host: PatchHost,
  what: string,
  onInterrupt: OnInterrupt,
): AsyncIterableIterator<unknown> {
  const steps = new Leftovers<IteratorResult<unknown>>();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => steps.wait(host, what, () => inner.next(), onInterrupt),
    return: (value) => inner.return?.(value) ?? Promise.resolve({ done: true, value }),
    throw: (error) => inner.throw?.(error) ?? Promise.reject(error),
  };
}

/** Iterators whose loops were left by an interruption, which does not end them. */
const unfinished: WeakMap<object, AsyncIterableIterator<unknown>> = new WeakMap();

/**
 * For what can be iterated over once, as a stream. A loop that is interrupted leaves the iterator as it is; whoever
 * iterates again, goes on with that one.
 */
export function iterateOnce(
  owner: object,
  begin: () => unknown,
  host: PatchHost,
  what: string,
  onInterrupt: OnInterrupt,
): unknown {
  const left = unfinished.get(owner);
  unfinished.delete(owner);
  if (left !== undefined) return left;
  const inner = begin() as AsyncIterator<unknown>;
  if (!host.inGreenlet()) return inner;
  const iterator = iterate(inner, host, what, (reason, killed) => {
    unfinished.set(owner, iterator);
    onInterrupt(reason, killed);
  });
  return iterator;
}

/** Lets a stream be read in the name of greenlets, by readers and iterators that are made from now on. */
export function followStream(
  stream: ReadableStream,
  host: PatchHost,
  what: string,
  onInterrupt: OnInterrupt,
): void {
  const getReader = stream.getReader as unknown as PatchedFunction;
  const values = (stream as unknown as Record<symbol, unknown>)[Symbol.asyncIterator];
  override(stream, "getReader", function (...args) {
    const reader = getReader.apply(this, args) as Record<string, PatchedFunction>;
    const read = reader.read as PatchedFunction;
    const left = new Leftovers<unknown>();
    override(reader, "read", function (...args) {
      if (!host.inGreenlet() && left.size === 0) return read.apply(this, args);
      const begin = (): Promise<unknown> => read.apply(this, args) as Promise<unknown>;
      return left.wait(host, what, begin, onInterrupt);
    });
    return reader;
  });
  if (typeof values !== "function") return;
  override(stream, Symbol.asyncIterator, function (...args) {
    return iterateOnce(stream, () => values.apply(this, args), host, what, onInterrupt);
  });
}

/** Something that is read into a buffer. */
export interface ByteSource {
  /** Reads into a buffer; gives how many bytes, or `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * Reads from a source in the name of greenlets. Each read is made into a buffer of its own, and copied when it is waited for
 * to its end: so data that comes after an interruption is not lost.
 */
export class ByteReader {
  readonly #read: (buffer: Uint8Array) => Promise<number | null>;
  readonly #left: Leftovers<Uint8Array | null> = new Leftovers();
  /** What did not fit into the buffer of whoever got it. */
  #rest: Uint8Array | null = null;

  /** Reads by a method of the source, as it is before it is replaced. */
  constructor(read: (buffer: Uint8Array) => Promise<number | null>) {
    this.#read = read;
  }

  /** Reads, in whoever's name. */
  async read(
    buffer: Uint8Array,
    host: PatchHost,
    what: string,
    onInterrupt: OnInterrupt,
  ): Promise<number | null> {
    if (this.#rest !== null) return this.#fill(this.#rest, buffer);
    if (!host.inGreenlet() && this.#left.size === 0) return this.#read(buffer);
    const piece = await this.#left.wait(host, what, async () => {
      const space = new Uint8Array(buffer.length);
      const count = await this.#read(space);
      return count === null ? null : space.subarray(0, count);
    }, onInterrupt);
    return piece === null ? null : this.#fill(piece, buffer);
  }

  #fill(piece: Uint8Array, buffer: Uint8Array): number {
    const count = Math.min(piece.length, buffer.length);
    buffer.set(piece.subarray(0, count));
    this.#rest = count < piece.length ? piece.subarray(count) : null;
    return count;
  }
}
