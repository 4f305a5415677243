/**
 * The slots of a list in shared memory.
 *
 * ```text
 * head   MAGIC, number of slots
 * slots  each: offset, room in bytes, length in bytes, type      32 bits each, little endian
 * data   8 bytes or more for each slot, the length of which stands beside it
 * ```
 *
 * @module
 */

/** What a {@linkcode ShareableList} can hold. */
export type ShareableItem = number | bigint | boolean | string | Uint8Array | null;

/** Where the slots of a list lie. */
export interface SlotTable {
  /** How many there are. */
  readonly count: number;
  /** The byte at which the data of each begins. */
  readonly offsets: readonly number[];
  /** How many bytes each can hold. */
  readonly rooms: readonly number[];
}

const MAGIC = 0x6c67_6f6e;
const HEAD = 8;
const SLOT = 16;
const UNIT = 8;

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const INT = 3;
const FLOAT = 4;
const BIGINT = 5;
const TEXT = 6;
const BYTES = 7;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A value as it lies in a slot. */
interface Encoded {
  readonly type: number;
  /** The length that is noted: of text and bytes. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** Plans the slots for values. */
export function createSlots(
  values: readonly unknown[],
): { bytes: number; write(memory: Uint8Array): SlotTable } {
  const encoded = values.map((value) => encode(value, "create ShareableList"));
  const rooms = encoded.map(({ bytes }) => Math.max(UNIT, Math.ceil(bytes.length / UNIT) * UNIT));
  let end = HEAD + values.length * SLOT;
  const offsets = rooms.map((room) => (end += room) - room);
  return {
    bytes: end,
    write(memory) {
      const view = viewOf(memory);
      const table = { count: values.length, offsets, rooms };
      for (let i = 0; i < values.length; i++) {
        view.setUint32(HEAD + i * SLOT, offsets[i] as number, true);
        view.setUint32(HEAD + i * SLOT + 4, rooms[i] as number, true);
        write(memory, table, i, encoded[i] as Encoded);
      }
      view.setUint32(4, values.length, true);
      view.setUint32(0, MAGIC, true);
      return table;
    },
  };
}

/**
 * Finds the slots of a list.
 *
 * @throws {TypeError} If there is no list in the memory.
 */
export function slotsOf(memory: Uint8Array): SlotTable {
  const view = viewOf(memory);
  const count = memory.length < HEAD || view.getUint32(0, true) !== MAGIC
    ? -1
    : view.getUint32(4, true);
  if (count < 0 || HEAD + count * SLOT > memory.length) throw noList();
  const offsets: number[] = [];
  const rooms: number[] = [];
  for (let i = 0; i < count; i++) {
    const offset = view.getUint32(HEAD + i * SLOT, true);
    const room = view.getUint32(HEAD + i * SLOT + 4, true);
    if (offset + room > memory.length || room < UNIT) throw noList();
    offsets.push(offset);
    rooms.push(room);
  }
  return { count, offsets, rooms };
}

/** Reads the value in a slot. */
export function readSlot(memory: Uint8Array, table: SlotTable, i: number): ShareableItem {
  const view = viewOf(memory);
  const offset = table.offsets[i] as number;
  const length = Math.min(view.getUint32(HEAD + i * SLOT + 8, true), table.rooms[i] as number);
  switch (view.getUint32(HEAD + i * SLOT + 12, true)) {
    case FALSE:
      return false;
    case TRUE:
      return true;
    case INT:
      return Number(view.getBigInt64(offset, true));
    case FLOAT:
      return view.getFloat64(offset, true);
    case BIGINT:
      return view.getBigInt64(offset, true);
    case TEXT:
      return decoder.decode(memory.slice(offset, offset + length));
    case BYTES:
      return memory.slice(offset, offset + length);
    default:
      return null;
  }
}

/**
 * Writes a value into a slot.
 *
 * @throws {RangeError} If it does not fit.
 * @throws {TypeError} If it cannot be held.
 */
export function writeSlot(memory: Uint8Array, table: SlotTable, i: number, value: unknown): void {
  const encoded = encode(value, "set item");
  const room = table.rooms[i] as number;
  if (encoded.bytes.length > room) {
    throw new RangeError(
      `Cannot set item: it takes ${encoded.bytes.length} bytes, and there is room for ${room}`,
    );
  }
  write(memory, table, i, encoded);
}

/** How a value is held, as in Python's `struct`. */
export function formatOf(value: ShareableItem): string {
  if (value === null) return "x";
  switch (typeof value) {
    case "boolean":
      return "?";
    case "bigint":
      return "q";
    case "number":
      return isInt(value) ? "q" : "d";
    default: {
      const { bytes } = encode(value, "format item");
      return `${bytes.length}s`;
    }
  }
}

function write(
  memory: Uint8Array,
  { offsets }: SlotTable,
  i: number,
  { type, length, bytes }: Encoded,
): void {
  const view = viewOf(memory);
  memory.set(bytes, offsets[i]);
  view.setUint32(HEAD + i * SLOT + 8, length, true);
  view.setUint32(HEAD + i * SLOT + 12, type, true);
}

function encode(value: unknown, what: string): Encoded {
  if (value === null) return plain(NULL);
  switch (typeof value) {
    case "boolean":
      return plain(value ? TRUE : FALSE);
    case "number":
      return isInt(value)
        ? number(INT, (view) => view.setBigInt64(0, BigInt(value), true))
        : number(FLOAT, (view) => view.setFloat64(0, value, true));
    case "bigint":
      if (BigInt.asIntN(64, value) !== value) {
        throw new RangeError(`Cannot ${what}: the bigint has more than 64 bits`);
      }
      return number(BIGINT, (view) => view.setBigInt64(0, value, true));
    case "string": {
      const bytes = encoder.encode(value);
      if (!isWellFormed(value)) {
        throw new TypeError(`Cannot ${what}: the string holds half of a character`);
      }
      return { type: TEXT, length: bytes.length, bytes };
    }
  }
  if (value instanceof Uint8Array) return { type: BYTES, length: value.length, bytes: value };
  const received = value === undefined ? "undefined" : `a value of type ${typeof value}`;
  throw new TypeError(
    `Cannot ${what}: expected a number, bigint, boolean, string, Uint8Array or null: received ${received}`,
  );
}

function plain(type: number): Encoded {
  return { type, length: 0, bytes: new Uint8Array(0) };
}

function number(type: number, set: (view: DataView) => void): Encoded {
  const bytes = new Uint8Array(UNIT);
  set(new DataView(bytes.buffer));
  return { type, length: 0, bytes };
}

function isInt(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** Whether a string is what its bytes will give again: halves of characters would be lost. */
function isWellFormed(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0xd800 || code > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (code > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
    i++;
  }
  return true;
}

function viewOf(memory: Uint8Array): DataView {
  return new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
}

function noList(): TypeError {
  return new TypeError("Cannot open ShareableList: the memory holds none");
}
