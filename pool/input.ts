/**
 * What a map takes its items from: one iterable, or several side by side.
 *
 * @module
 */

/** Anything that `for await` can go through. */
export type AnyIterable<T> = Iterable<T> | AsyncIterable<T>;

/** The items of a map, taken one by one. */
export interface Input {
  /** How many items there are, as far as that is known before the end. */
  readonly size: number | null;
  /** Whether {@linkcode next} gives promises. */
  readonly isAsync: boolean;
  /** Takes the next item. Throws, or rejects with, what the iterator throws. */
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  /** Tells the iterators that no more is wanted. */
  close(): void | Promise<void>;
}

/** Checks that a value can be gone through, and gives what takes its items. */
export function inputOf(iterable: unknown, verb: string): Input {
  const iterator = iteratorOf(iterable, verb, "iterable");
  return {
    size: sizeOf(iterable),
    isAsync: isAsync(iterable),
    next: isAsync(iterable)
      ? async () => checkResult(await iterator.next())
      : () => checkResult(iterator.next() as IteratorResult<unknown>),
    close: () => closeIterator(iterator),
  };
}

/** Goes through several iterables at once, as Python's `zip`: the shortest ends it. Its items are arrays. */
export function zippedInput(iterables: readonly unknown[], verb: string): Input {
  const iterators = iterables.map((iterable, i) => iteratorOf(iterable, verb, `iterables[${i}]`));
  const open = new Set(iterators);
  const sizes = iterables.map(sizeOf);
  const some = iterables.some(isAsync);
  /** Closes the others, since one has ended. */
  const closeOpen = (): void | Promise<void> => {
    const rest = [...open];
    open.clear();
    return some ? settleAll(rest) : rest.forEach(closeIterator);
  };
  const nextSync = (): IteratorResult<unknown> => {
    const items: unknown[] = [];
    for (const iterator of iterators) {
      let result: IteratorResult<unknown>;
      try {
        result = checkResult(iterator.next() as IteratorResult<unknown>);
      } catch (error) {
        open.delete(iterator);
        closeQuietly(closeOpen);
        throw error;
      }
      if (result.done === true) {
        open.delete(iterator);
        void closeOpen();
        return result;
      }
      items.push(result.value);
    }
    return { done: false, value: items };
  };
  const nextAsync = async (): Promise<IteratorResult<unknown>> => {
    const items: unknown[] = [];
    for (const iterator of iterators) {
      let result: IteratorResult<unknown>;
      try {
        result = checkResult(await iterator.next());
      } catch (error) {
        open.delete(iterator);
        closeQuietly(closeOpen);
        throw error;
      }
      if (result.done === true) {
        open.delete(iterator);
        await closeOpen();
        return result;
      }
      items.push(result.value);
    }
    return { done: false, value: items };
  };
  return {
    size: sizes.includes(null) ? null : Math.min(...sizes as number[]),
    isAsync: some,
    next: some ? nextAsync : nextSync,
    close: closeOpen,
  };
}

/** Closes what may throw, when an error is on its way already: that one counts. */
export function closeQuietly(close: () => void | Promise<void>): void {
  try {
    const closing = close();
    if (closing instanceof Promise) closing.catch(() => undefined);
  } catch {
    // The error that is on its way says more than one of the closing.
  }
}

/** Gives the arguments that an item of `starmap` stands for. */
export function argumentsOf(item: unknown, verb: string): readonly unknown[] {
  if (Array.isArray(item)) return item;
  if (typeof (item as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === "function") {
    return [...item as Iterable<unknown>];
  }
  throw new TypeError(
    `Cannot ${verb}: each item must be an array of arguments: received ${typeof item}`,
  );
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

function iteratorOf(iterable: unknown, verb: string, name: string): AnyIterator {
  if (isAsync(iterable)) return iterable[Symbol.asyncIterator]();
  if (
    iterable !== null && iterable !== undefined &&
    typeof (iterable as Partial<Iterable<unknown>>)[Symbol.iterator] === "function"
  ) return (iterable as Iterable<unknown>)[Symbol.iterator]();
  throw new TypeError(
    `Cannot ${verb}: '${name}' must be an iterable or an async iterable: received ${
      iterable === null ? "null" : typeof iterable
    }`,
  );
}

/** Checks what an iterator gives, as a loop does: what is no object would never be the end. */
function checkResult<T>(result: IteratorResult<T>): IteratorResult<T> {
  if (Object(result) === result) return result;
  throw new TypeError(`Cannot take item: the result of next() must be an object: it is ${result}`);
}

function isAsync(iterable: unknown): iterable is AsyncIterable<unknown> {
  return typeof iterable === "object" && iterable !== null &&
    typeof (iterable as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}

function sizeOf(iterable: unknown): number | null {
  if (Array.isArray(iterable)) return iterable.length;
  if (iterable instanceof Set || iterable instanceof Map) return iterable.size;
  if (ArrayBuffer.isView(iterable) && !(iterable instanceof DataView)) {
    return (iterable as Uint8Array).length;
  }
  return null;
}

function closeIterator(iterator: AnyIterator): void | Promise<void> {
  const closing: unknown = iterator.return?.();
  if (closing instanceof Promise) return closing.then(() => undefined);
}

async function settleAll(iterators: readonly AnyIterator[]): Promise<void> {
  await Promise.all(iterators.map((iterator) => closeIterator(iterator)));
}
