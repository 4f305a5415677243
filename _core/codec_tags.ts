/**
 * The wire format of the codec.
 *
 * A message is one header byte, one value, the contents that were deferred, and, when the header has `HAS_MODULES`, the
 * list of the modules that have to be loaded first, with its length in the last four bytes. Integers are varints,
 * numbers little-endian.
 *
 * A value is one tag byte and what the tag says. Every object, in the order of its tag, has a number, by which `REF`
 * names it again: so cycles and shared references survive. Containers below a certain depth are only announced
 * (`DEFERRED`), and their contents follow after the value, so that no depth overflows the stack.
 *
 * @module
 */

/** The version of the format, in the low bits of the header byte. */
export const VERSION = 1;
/** Set in the header byte when a list of modules ends the message. */
export const HAS_MODULES = 0x80;

/** Tags below this are the integers 0…127 themselves. */
export const SHORT_STRING = 0x80;
/** Tags from `SHORT_STRING` to here are ASCII strings of 0…31 characters. */
export const SHORT_STRING_END = 0xa0;

export const UNDEFINED = 0xa0;
export const NULL = 0xa1;
export const TRUE = 0xa2;
export const FALSE = 0xa3;
/** A zigzag varint of 32 bits. */
export const INT = 0xa4;
/** Eight bytes. */
export const FLOAT = 0xa5;
/** Eight bytes, signed. */
export const BIGINT64 = 0xa6;
/** A string of hexadecimal digits, perhaps after a minus sign. */
export const BIGINT = 0xa7;
/** Length in bytes, bytes. */
export const ASCII = 0xa8;
/** Length in bytes, bytes. */
export const UTF8 = 0xa9;
/** Length in code units, two bytes each: for strings with lone surrogates. */
export const UTF16 = 0xaa;
/** The number of an object that came before. */
export const REF = 0xab;
/** A tag and its header, of a container whose content follows after the value. */
export const DEFERRED = 0xac;
/** Twice the number of keys, keys, values; or twice the number of a shape that came before plus one, values. */
export const OBJECT = 0xad;
/** As `OBJECT`, without a prototype. */
export const NULL_OBJECT = 0xae;
/** Length, items, perhaps `FIELDS`. */
export const ARRAY = 0xaf;
/** Within an array: how many items in a row are missing. */
export const HOLES = 0xb0;
/** After the items of an array: its named properties, as in `OBJECT`. */
export const FIELDS = 0xb1;
/** Keys and values, `END`. */
export const MAP = 0xb2;
/** Values, `END`. */
export const SET = 0xb3;
export const END = 0xb4;
/** Milliseconds as eight bytes. */
export const DATE = 0xb5;
/** Source and flags. */
export const REGEXP = 0xb6;
/** A primitive that was wrapped into an object. */
export const BOXED = 0xb7;
/** Length, bytes. */
export const BUFFER = 0xb8;
/** Length, maximum length, bytes. */
export const RESIZABLE_BUFFER = 0xb9;
/** The index of a shared buffer among those that go with the message. */
export const SHARED_BUFFER = 0xba;
/** Kind, offset in bytes, length plus one (0 follows the buffer's length), buffer. */
export const VIEW = 0xbb;
/** See error_codec.ts. */
export const ERROR = 0xbc;
/** A task or a shareable class: URL, index, hash. */
export const REGISTERED = 0xbd;
/** A function by its source: source, number of global names to check, names. */
export const FUNCTION = 0xbe;
/** Type, data. */
export const HANDLE_RECORD = 0xbf;
/** A class (`REGISTERED` or a reference to one), the tag of its base, the base's content, fields as in `OBJECT`. */
export const INSTANCE = 0xc0;

/** A constructor of a view on a buffer. */
export type ViewConstructor = new (
  buffer: ArrayBufferLike,
  byteOffset?: number,
  length?: number,
) => ArrayBufferView;

/** The kinds of views, in the order of their numbers on the wire: append only. */
export const VIEW_KINDS: readonly (ViewConstructor | undefined)[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
  (globalThis as { Float16Array?: ViewConstructor }).Float16Array,
] as (ViewConstructor | undefined)[];
