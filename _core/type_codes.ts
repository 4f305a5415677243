/**
 * The type codes of `Value` and `SharedArray`: how a value of each lies in memory.
 *
 * @module
 */

/** What the value of each type code is. */
export interface TypeCodes {
  /** One byte. */
  c: Uint8Array;
  /** One code point. */
  u: string;
  /** 8 bits, signed. */
  b: number;
  /** 8 bits, unsigned. */
  B: number;
  /** 16 bits, signed. */
  h: number;
  /** 16 bits, unsigned. */
  H: number;
  /** 32 bits, signed. */
  i: number;
  /** 32 bits, unsigned. */
  I: number;
  /** 64 bits, signed. */
  l: bigint;
  /** 64 bits, unsigned. */
  L: bigint;
  /** 64 bits, signed. */
  q: bigint;
  /** 64 bits, unsigned. */
  Q: bigint;
  /** A float of 32 bits. */
  f: number;
  /** A float of 64 bits. */
  d: number;
  /** A boolean, in one byte. */
  "?": boolean;
}

/** What an array of each type code is. */
export interface ArrayTypes {
  /** Bytes. */
  c: Uint8Array;
  /** Code points. */
  u: Uint32Array;
  /** 8 bits, signed. */
  b: Int8Array;
  /** 8 bits, unsigned. */
  B: Uint8Array;
  /** 16 bits, signed. */
  h: Int16Array;
  /** 16 bits, unsigned. */
  H: Uint16Array;
  /** 32 bits, signed. */
  i: Int32Array;
  /** 32 bits, unsigned. */
  I: Uint32Array;
  /** 64 bits, signed. */
  l: BigInt64Array;
  /** 64 bits, unsigned. */
  L: BigUint64Array;
  /** 64 bits, signed. */
  q: BigInt64Array;
  /** 64 bits, unsigned. */
  Q: BigUint64Array;
  /** Floats of 32 bits. */
  f: Float32Array;
  /** Floats of 64 bits. */
  d: Float64Array;
  /** Booleans, as 0 and 1. */
  "?": Uint8Array;
}

/** A type code: what lies in memory, in a letter. `"i"` is an integer of 32 bits, `"d"` a float of 64. */
export type TypeCode = keyof TypeCodes;

/** A value as it lies in memory. */
export type Bits = number | bigint;

/** A view whose elements can be read and written atomically. */
export type CellView =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The constructor of a typed array over shared memory. */
export interface ViewConstructor<V> {
  /** Bytes of an element. */
  readonly BYTES_PER_ELEMENT: number;
  /** What its arrays inherit from. */
  readonly prototype: V;
  /** Puts a view over memory. */
  new (buffer: SharedArrayBuffer | ArrayBuffer, byteOffset: number, length: number): V;
}

/** How values of one type code lie in memory. */
export interface Format {
  /** What `Value` reads and writes its bits through. */
  readonly Cell: ViewConstructor<CellView>;
  /** What a `SharedArray` is. */
  readonly Elements: ViewConstructor<ArrayTypes[TypeCode]>;
  /** What a value has to be, for error messages. */
  readonly expects: string;
  /** Whether values can be added: as their bits, as floats, or not at all. */
  readonly sum: "bits" | "float" | null;
  /** What a value is unless it is given. */
  readonly zero: unknown;
  /** Gives the bits of a value; `undefined` if it is of the wrong type. */
  toBits(value: unknown): Bits | undefined;
  /** Gives the value of bits. */
  fromBits(bits: Bits): unknown;
  /** Gives the element of an array for a value; `undefined` if it is of the wrong type. */
  toElement(value: unknown): Bits | undefined;
}

const scratch = new ArrayBuffer(8);
const float32 = new Float32Array(scratch, 0, 1);
const bits32 = new Int32Array(scratch, 0, 1);
const float64 = new Float64Array(scratch);
const bits64 = new BigInt64Array(scratch);

const same = (bits: Bits): unknown => bits;
const checkInteger = (value: unknown) => Number.isInteger(value) ? value as number : undefined;
const checkBigInt = (value: unknown) => typeof value === "bigint" ? value : undefined;
const checkNumber = (value: unknown) => typeof value === "number" ? value : undefined;

function integers(View: ViewConstructor<CellView>): Format {
  return {
    Cell: View,
    Elements: View,
    expects: "an integer",
    sum: "bits",
    zero: 0,
    toBits: checkInteger,
    fromBits: same,
    toElement: checkInteger,
  };
}

function bigIntegers(View: ViewConstructor<BigInt64Array | BigUint64Array>): Format {
  return {
    Cell: View,
    Elements: View,
    expects: "a bigint",
    sum: "bits",
    zero: 0n,
    toBits: checkBigInt,
    fromBits: same,
    toElement: checkBigInt,
  };
}

const int64 = bigIntegers(BigInt64Array);
const uint64 = bigIntegers(BigUint64Array);

const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ["c", {
    Cell: Uint8Array,
    Elements: Uint8Array,
    expects: "one byte (a Uint8Array of length 1)",
    sum: null,
    zero: new Uint8Array(1),
    toBits: (value) => value instanceof Uint8Array && value.length === 1 ? value[0] : undefined,
    fromBits: (bits) => Uint8Array.of(bits as number),
    toElement: checkInteger,
  }],
  ["u", {
    Cell: Int32Array,
    Elements: Uint32Array,
    expects: "one code point (a string)",
    sum: null,
    zero: "\0",
    toBits: codePoint,
    fromBits: (bits) => String.fromCodePoint(bits as number),
    toElement: (value) => typeof value === "string" ? codePoint(value) : checkInteger(value),
  }],
  ["b", integers(Int8Array)],
  ["B", integers(Uint8Array)],
  ["h", integers(Int16Array)],
  ["H", integers(Uint16Array)],
  ["i", integers(Int32Array)],
  ["I", integers(Uint32Array)],
  ["l", int64],
  ["L", uint64],
  ["q", int64],
  ["Q", uint64],
  ["f", {
    Cell: Int32Array,
    Elements: Float32Array,
    expects: "a number",
    sum: "float",
    zero: 0,
    toBits(value) {
      if (typeof value !== "number") return undefined;
      float32[0] = value;
      return bits32[0];
    },
    fromBits(bits) {
      bits32[0] = bits as number;
      return float32[0];
    },
    toElement: checkNumber,
  }],
  ["d", {
    Cell: BigInt64Array,
    Elements: Float64Array,
    expects: "a number",
    sum: "float",
    zero: 0,
    toBits(value) {
      if (typeof value !== "number") return undefined;
      float64[0] = value;
      return bits64[0];
    },
    fromBits(bits) {
      bits64[0] = bits as bigint;
      return float64[0];
    },
    toElement: checkNumber,
  }],
  ["?", {
    Cell: Uint8Array,
    Elements: Uint8Array,
    expects: "a boolean",
    sum: null,
    zero: false,
    toBits: (value) => typeof value === "boolean" ? Number(value) : undefined,
    fromBits: (bits) => bits !== 0,
    toElement: (value) =>
      typeof value === "boolean" || typeof value === "number" ? Number(Boolean(value)) : undefined,
  }],
]);

/**
 * Gives the format of a type code.
 *
 * @throws {TypeError} If there is no such code.
 */
export function formatOf(code: unknown, what: string): Format {
  const format = typeof code === "string" ? FORMATS.get(code) : undefined;
  if (format !== undefined) return format;
  throw new TypeError(
    `Cannot create ${what}: unknown type code ${describe(code)}, it must be one of ${
      [...FORMATS.keys()].join(" ")
    }`,
  );
}

/** Makes the error for a value that is of the wrong type. */
export function wrongType(what: string, code: string, format: Format, value: unknown): TypeError {
  return new TypeError(
    `Cannot ${what}: type code "${code}" takes ${format.expects}: received ${describe(value)}`,
  );
}

/** Names a value in an error message. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : `an object of class ${value.constructor?.name ?? "null"}`;
    default:
      return String(value);
  }
}

function codePoint(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const point = value.codePointAt(0);
  return point !== undefined && String.fromCodePoint(point).length === value.length
    ? point
    : undefined;
}
