/**
 * What an array holds besides a dense run of items.
 *
 * @module
 */

/** Arrays up to this length are looked at for named properties; longer ones have none that travel. */
const NAMES_UP_TO = 64;
/** Shorter arrays are walked from end to end, holes or not. */
const SPARSE_FROM = 4096;

/** Tells whether an array is so long and empty that its keys should be walked, not its indices. */
export function isSparse(items: unknown[]): boolean {
  const { length } = items;
  if (length < SPARSE_FROM) return false;
  let holes = 0;
  for (let i = 0; i < 16; i++) {
    if (!(Math.floor((length - 1) * i / 15) in items)) holes++;
  }
  return holes > 8;
}

/** Gives the index that a key stands for, or -1 for a named property. */
export function arrayIndex(key: string): number {
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < 0xffffffff && String(index) === key
    ? index
    : -1;
}

/**
 * Gives the names of the own enumerable properties of an object, without the indices of an array.
 *
 * The names of a long array are not looked for, since that would cost more than its items: what has names in
 * practice is the result of a regular expression, and short.
 */
export function propertyNames(value: object): string[] {
  if (!Array.isArray(value)) return Object.keys(value);
  if (value.length > NAMES_UP_TO) return [];
  const keys = Object.keys(value);
  const names: string[] = [];
  // Indices come first: if the last key is one, all are.
  const last = keys[keys.length - 1];
  if (last === undefined || arrayIndex(last) >= 0) return names;
  for (const key of keys) {
    if (arrayIndex(key) < 0) names.push(key);
  }
  return names;
}
