/**
 * A heap: what comes first is taken first, in the order of arrival among equals.
 *
 * @module
 */

/** Things in the order of a number. */
export class OrderedHeap<T> {
  #entries: { key: number; order: number; value: T }[] = [];
  #order = 0;

  /** How many there are. */
  get size(): number {
    return this.#entries.length;
  }

  /** The smallest number; `Infinity` when there is nothing. */
  get firstKey(): number {
    return this.#entries[0]?.key ?? Infinity;
  }

  /** Gives the next place in the order of arrival. */
  nextOrder(): number {
    return this.#order++;
  }

  /** Adds one, with its place in the order of arrival. */
  push(key: number, value: T, order: number = this.nextOrder()): void {
    const entries = this.#entries;
    const entry = { key, order, value };
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, entries[parent] as typeof entry)) break;
      entries[at] = entries[parent] as typeof entry;
      at = parent;
    }
    entries[at] = entry;
  }

  /** Takes the one with the smallest number. */
  pop(): T | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || first === last) return first?.value;
    let at = 0;
    for (let child = 1; child < entries.length; child = 2 * at + 1) {
      const right = entries[child + 1];
      if (right !== undefined && before(right, entries[child] as typeof right)) child++;
      const smaller = entries[child] as typeof last;
      if (!before(smaller, last)) break;
      entries[at] = smaller;
      at = child;
    }
    entries[at] = last;
    return first.value;
  }

  /** Keeps only some. */
  keep(wanted: (value: T) => boolean): void {
    const entries = this.#entries.filter(({ value }) => wanted(value));
    this.#entries = [];
    for (const { key, value, order } of entries) this.push(key, value, order);
  }

  /** Removes all. */
  clear(): void {
    this.#entries = [];
  }
}

function before(a: { key: number; order: number }, b: { key: number; order: number }): boolean {
  return a.key !== b.key ? a.key < b.key : a.order < b.order;
}
