/**
 * Turns bytes back into values.
 *
 * @module
 */

import { ByteReader, corrupt } from "./codec_reader.ts";
import {
  blankInstance,
  makeBigint,
  makeBoxed,
  makeBuffer,
  makeRegExp,
  makeView,
} from "./codec_blanks.ts";
import { requirementsStart } from "./codec_modules.ts";
import * as tag from "./codec_tags.ts";
import { readError } from "./error_codec.ts";
import { reviveSource } from "./function_ref.ts";
import { reviveHandle } from "./handle.ts";
import { lookup } from "./module_registry.ts";

/** How a message is decoded. */
export interface DecodeOptions {
  /**
   * Whether the bytes may come from an enemy. Then functions, tasks, handles, instances of shareable classes and shared
   * buffers are refused, and there are limits. Default: `false`.
   */
  untrusted?: boolean;
  /** How deep values may be nested. Default: 1000 if untrusted, else no limit. */
  maxDepth?: number;
  /** How long the message may be, in bytes. Default: 64 MiB if untrusted, else no limit. */
  maxBytes?: number;
}

const UNTRUSTED_DEPTH = 1000;
const UNTRUSTED_BYTES = 64 * 1024 * 1024;

/** A container whose content is still to be read. */
interface Deferred {
  value: object;
  base: number;
  instance: boolean;
  depth: number;
}

/** Stands for an object that is not made yet. */
const PENDING: unique symbol = Symbol("pending");

/** Reads values. One decoder can be used again and again; it is not re-entrant. */
export class Decoder extends ByteReader {
  #buffers: readonly SharedArrayBuffer[] = [];
  #untrusted = false;
  #maxDepth = Infinity;
  #depth = 0;
  #objects: unknown[] = [];
  #shapes: string[][] = [];
  #deferred: Deferred[] = [];

  /** Reads a whole message, which lies in `bytes` from `start` to `end`. */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    buffers: readonly SharedArrayBuffer[],
    options?: DecodeOptions,
  ): unknown {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
    this.#buffers = buffers;
    this.#untrusted = options?.untrusted ?? false;
    this.#maxDepth = options?.maxDepth ?? (this.#untrusted ? UNTRUSTED_DEPTH : Infinity);
    const maxBytes = options?.maxBytes ?? (this.#untrusted ? UNTRUSTED_BYTES : Infinity);
    if (end - start > maxBytes) {
      throw new RangeError(
        `Cannot decode message: its ${end - start} bytes are more than the ${maxBytes} allowed`,
      );
    }
    try {
      this.#header(start);
      const value = this.value();
      this.#finish();
      if (this.pos !== this.end) throw corrupt("something follows its end");
      return value;
    } finally {
      this.#reset();
    }
  }

  /** Reads one value. */
  value(): unknown {
    const kind = this.byte();
    if (kind < tag.SHORT_STRING) return kind;
    if (kind < tag.SHORT_STRING_END) return this.shortString(kind - tag.SHORT_STRING);
    switch (kind) {
      case tag.UNDEFINED:
        return undefined;
      case tag.NULL:
        return null;
      case tag.TRUE:
        return true;
      case tag.FALSE:
        return false;
      case tag.INT:
        return this.int();
      case tag.FLOAT:
        return this.float();
      case tag.BIGINT64:
        return this.bigint64();
      case tag.BIGINT:
        return makeBigint(this.string());
      case tag.ASCII:
      case tag.UTF8:
      case tag.UTF16:
        return this.longString(kind);
      case tag.REF:
        return this.#ref();
      default:
        return this.#nested(kind);
    }
  }

  /** Takes the next number for an object that will be made only later. */
  reserveNumber(): number {
    return this.#objects.push(PENDING) - 1;
  }

  /** Sets the object that has a number. */
  setObject(number: number, value: object): void {
    this.#objects[number] = value;
  }

  /** Steps over an `END` if it is next, and tells whether it was. */
  atEnd(): boolean {
    if (this.pos >= this.end) throw corrupt("it ends too early");
    if (this.bytes[this.pos] !== tag.END) return false;
    this.pos++;
    return true;
  }

  #header(start: number): void {
    const header = this.byte();
    if ((header & ~tag.HAS_MODULES) !== tag.VERSION) {
      throw corrupt("it has another version, is the library the same on both sides?");
    }
    if (header & tag.HAS_MODULES) {
      this.#refuseUntrusted("modules to import");
      this.end = requirementsStart(this.bytes, start, this.end);
    }
  }

  #finish(): void {
    // Contents may announce further contents: the list grows while it is read.
    for (let i = 0; i < this.#deferred.length; i++) {
      const { value, base, instance, depth } = this.#deferred[i] as Deferred;
      this.#depth = depth;
      this.#content(value, base, instance);
    }
  }

  #reset(): void {
    this.bytes = NO_BYTES;
    this.#buffers = [];
    this.#depth = 0;
    if (this.#objects.length > 0) this.#objects.length = 0;
    if (this.#shapes.length > 0) this.#shapes.length = 0;
    if (this.#deferred.length > 0) this.#deferred.length = 0;
  }

  #refuseUntrusted(what: string): void {
    if (!this.#untrusted) return;
    throw new TypeError(
      `Cannot decode message: it holds ${what}, which is refused from an untrusted sender`,
    );
  }

  #nested(kind: number): unknown {
    if (++this.#depth > this.#maxDepth) {
      throw new RangeError(
        `Cannot decode message: it is nested more than ${this.#maxDepth} levels deep`,
      );
    }
    const value = this.#object(kind, false);
    this.#depth--;
    return value;
  }

  #object(kind: number, deferred: boolean): unknown {
    switch (kind) {
      case tag.OBJECT:
        return this.#container({}, kind, deferred);
      case tag.NULL_OBJECT:
        return this.#container(Object.create(null), kind, deferred);
      case tag.ARRAY:
        return this.#container([], kind, deferred);
      case tag.MAP:
        return this.#container(new Map(), kind, deferred);
      case tag.SET:
        return this.#container(new Set(), kind, deferred);
      case tag.INSTANCE:
        return this.#instance(deferred);
    }
    if (deferred) throw corrupt("what is deferred is no container");
    switch (kind) {
      case tag.DEFERRED:
        return this.#object(this.byte(), true);
      case tag.DATE:
        return this.#add(new Date(this.float()));
      case tag.REGEXP:
        return this.#add(makeRegExp(this.string(), this.string()));
      case tag.BOXED:
        return this.#boxed();
      case tag.BUFFER:
      case tag.RESIZABLE_BUFFER:
        return this.#buffer(kind === tag.RESIZABLE_BUFFER);
      case tag.SHARED_BUFFER:
        return this.#sharedBuffer();
      case tag.VIEW:
        return this.#view();
      case tag.ERROR:
        return readError(this);
      case tag.REGISTERED:
        this.#refuseUntrusted("a task or a class");
        return this.#add(
          lookup({ url: this.string(), index: this.varint(), hash: this.varint() }),
        );
      case tag.FUNCTION:
        return this.#function();
      case tag.HANDLE_RECORD:
        return this.#handle();
      default:
        throw corrupt(`there is no tag ${kind}`);
    }
  }

  #add<T extends object>(value: T): T {
    this.#objects.push(value);
    return value;
  }

  #ref(): unknown {
    const number = this.varint();
    if (number >= this.#objects.length) throw corrupt("a reference leads nowhere");
    const value = this.#objects[number];
    if (value === PENDING) throw corrupt("an object refers to itself before it is made");
    return value;
  }

  #container(value: object, base: number, deferred: boolean): object {
    this.#objects.push(value);
    if (deferred) this.#deferred.push({ value, base, instance: false, depth: this.#depth });
    else this.#content(value, base, false);
    return value;
  }

  #instance(deferred: boolean): object {
    this.#refuseUntrusted("an instance of a class");
    const number = this.reserveNumber();
    const constructor = this.value();
    const base = this.byte();
    const value = blankInstance(constructor, base);
    this.#objects[number] = value;
    if (deferred) this.#deferred.push({ value, base, instance: true, depth: this.#depth });
    else this.#content(value, base, true);
    return value;
  }

  /** Reads the content of a container; that of an instance ends with its fields. */
  #content(value: object, base: number, instance: boolean): void {
    switch (base) {
      case tag.OBJECT:
      case tag.NULL_OBJECT:
        return this.#properties(value, instance);
      case tag.ARRAY:
        this.#items(value as unknown[]);
        break;
      case tag.MAP:
        while (!this.atEnd()) {
          const key = this.value();
          mapSet.call(value as Map<unknown, unknown>, key, this.value());
        }
        break;
      case tag.SET:
        while (!this.atEnd()) setAdd.call(value as Set<unknown>, this.value());
        break;
      case tag.DATE:
        setTime.call(value as Date, this.float());
        break;
    }
    if (instance) this.#properties(value, true);
  }

  #properties(value: object, instance: boolean): void {
    const keys = this.#shape();
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const item = this.value();
      // A setter must not run, neither that of `__proto__` nor one of a class.
      if (key === "__proto__" || (instance && key in value)) {
        Object.defineProperty(value, key, {
          value: item,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      } else {
        (value as Record<string, unknown>)[key] = item;
      }
    }
  }

  #shape(): string[] {
    const head = this.varint();
    const count = Math.floor(head / 2);
    if (head % 2 === 1) {
      const shape = this.#shapes[count];
      if (shape === undefined) throw corrupt("the shape of an object is unknown");
      return shape;
    }
    // A key takes a byte at least, and its value another one.
    if (count * 2 > this.end - this.pos) throw corrupt("it ends too early");
    const keys: string[] = [];
    for (let i = 0; i < count; i++) keys.push(this.string());
    this.#shapes.push(keys);
    return keys;
  }

  #items(items: unknown[]): void {
    const length = this.varint();
    if (length > 0xffffffff) throw corrupt("an array is too long");
    for (let i = 0; i < length;) {
      if (this.bytes[this.pos] === tag.HOLES) {
        this.pos++;
        i += this.varint();
        if (i > length) throw corrupt("an array is too long");
        items.length = i;
      } else {
        items[i++] = this.value();
      }
    }
    if (this.pos < this.end && this.bytes[this.pos] === tag.FIELDS) {
      this.pos++;
      this.#properties(items, true);
    }
  }

  #boxed(): object {
    const number = this.reserveNumber();
    return this.#objects[number] = makeBoxed(this.value());
  }

  #buffer(resizable: boolean): ArrayBuffer {
    const length = this.varint();
    if (resizable) this.#refuseUntrusted("a resizable buffer");
    const max = resizable ? this.varint() : null;
    const start = this.skip(length);
    return this.#add(makeBuffer(this.bytes.subarray(start, this.pos), max));
  }

  #sharedBuffer(): SharedArrayBuffer {
    this.#refuseUntrusted("shared memory");
    const buffer = this.#buffers[this.varint()];
    if (buffer === undefined) throw corrupt("a shared buffer did not come with it");
    return this.#add(buffer);
  }

  #view(): object {
    const number = this.reserveNumber();
    const kind = this.varint();
    const offset = this.varint();
    const length = this.varint();
    return this.#objects[number] = makeView(kind, this.value(), offset, length);
  }

  // deno-lint-ignore ban-types -- functions of any signature, classes included
  #function(): Function {
    this.#refuseUntrusted("a function");
    const number = this.reserveNumber();
    const source = this.string();
    const globals: string[] = [];
    for (let count = this.count(); count > 0; count--) globals.push(this.string());
    return this.#objects[number] = reviveSource({ source, globals });
  }

  #handle(): object {
    this.#refuseUntrusted("a handle");
    const number = this.reserveNumber();
    const type = this.string();
    return this.#objects[number] = reviveHandle(type, this.value());
  }
}

// A class that extends one of these may override what fills it.
const mapSet = Map.prototype.set;
const setAdd = Set.prototype.add;
const setTime = Date.prototype.setTime;

const NO_BYTES = new Uint8Array(0);
