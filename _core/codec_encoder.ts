/**
 * Turns values into bytes.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import { arrayIndex, isSparse, propertyNames } from "./array_shape.ts";
import { writeFunction, writeHandle, writeInstance, writeOther } from "./codec_objects.ts";
import { addRequirement, writeRequirements } from "./codec_modules.ts";
import * as tag from "./codec_tags.ts";
import type { Checkpoint, Target } from "./codec_types.ts";
import { ByteWriter } from "./codec_writer.ts";
import { HANDLE, type Handled } from "./handle.ts";
import type { Requirement } from "./module_registry.ts";
import { isRevokedProxy, unshareableReason } from "./unshareable_reason.ts";
import { formatPath, type PathSegment } from "./value_path.ts";

/** A container whose content is still to be written. */
interface Deferred {
  value: object;
  base: number;
  fields: boolean;
  prefix: string;
}

/** Below this depth the content of containers is deferred. */
const INLINE_DEPTH = 128;
/** So deep go the causes of errors and what else cannot be deferred. */
const MAX_DEPTH = 512;
const TOO_DEEP = "it is nested too deeply";
/** So many objects are found by looking at each; from there on a map finds them. */
const FEW = 8;
/** So many shapes are compared before an object's keys are written again. */
const RECENT_SHAPES = 8;

// A class that extends one of these may override how it is walked.
const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;

/** Writes values. One encoder can be used again and again; it is not re-entrant. */
export class Encoder extends ByteWriter {
  /** How far the message has to reach. */
  target: Target = "thread";
  /** The raw shared buffers that were met. */
  buffers: SharedArrayBuffer[] = [];
  /** Buffers that are not copied: they go beside the message, as the shared ones do. */
  moved: readonly ArrayBuffer[] = [];
  /** The name of the value in error messages. */
  root = "value";

  #depth = 0;
  /** Above 0 while the data of a handle is written, which has to be whole when the handle is rebuilt. */
  #undeferred = 0;
  #prefix = "";
  #path: PathSegment[] = [];
  #seen: object[] = [];
  #numbers: Map<object, number> | null = null;
  #shapes: string[][] = [];
  #deferred: Deferred[] = [];
  #required: Requirement[] = [];

  /**
   * Writes a whole message to the start of `bytes`, which it overwrites.
   *
   * @param value The value.
   * @param target What the message has to reach.
   * @param root The name of the value in error messages.
   * @param asInstance Whether the value is an instance of a shareable class, to be copied even if it is a handle.
   * @returns The length of the message.
   */
  write(value: unknown, target: Target, root = "value", asInstance = false): number {
    this.target = target;
    this.root = root;
    this.pos = 0;
    if (this.buffers.length > 0) this.buffers = [];
    this.byte(tag.VERSION);
    try {
      if (asInstance) writeInstance(this, value as object);
      else this.value(value);
      return this.#finish();
    } catch (error) {
      throw this.#isOverflow(error)
        ? new RangeError(`Cannot send ${this.root}: ${TOO_DEEP}`, { cause: error })
        : error;
    } finally {
      this.#reset();
    }
  }

  /** Writes one value. */
  value(value: unknown): void {
    switch (typeof value) {
      case "number":
        return this.number(value);
      case "string":
        return this.string(value);
      case "boolean":
        return this.byte(value ? tag.TRUE : tag.FALSE);
      case "object":
        return value === null ? this.byte(tag.NULL) : this.#object(value);
      case "undefined":
        return this.byte(tag.UNDEFINED);
      case "bigint":
        return this.bigint(value);
      case "function":
        return this.#function(value);
      default:
        this.fail("a symbol does not travel, send a string");
    }
  }

  /** Writes one value that stands under `segment` in its holder, for the path of an error. */
  member(segment: PathSegment, value: unknown): void {
    if (this.#depth >= MAX_DEPTH) throw new RangeError(`Cannot send ${this.root}: ${TOO_DEEP}`);
    this.#path[this.#depth++] = segment;
    this.value(value);
    this.#depth--;
  }

  /** Writes one value of which nothing is deferred: it is whole as soon as it is read. */
  whole(value: unknown): void {
    this.#undeferred++;
    this.value(value);
    this.#undeferred--;
  }

  /** Gives an object the next number. */
  add(value: object): void {
    const number = this.#seen.push(value) - 1;
    if (this.#numbers !== null) {
      this.#numbers.set(value, number);
    } else if (number >= FEW) {
      this.#numbers = new Map();
      for (let i = 0; i <= number; i++) this.#numbers.set(this.#seen[i] as object, i);
    }
  }

  /** Remembers what has to be loaded before the message can be decoded. */
  require(requirement: Requirement | null): void {
    if (requirement !== null) addRequirement(this.#required, requirement);
  }

  /** Where the value that is being written stands, for messages. */
  get path(): string {
    return formatPath(this.root + this.#prefix, this.#path, this.#depth);
  }

  /** Throws the error for the value that is being written. */
  fail(reason: string, cause?: unknown): never {
    const { path } = this;
    throw new UnshareableError(
      `Cannot send ${path}: ${reason}`,
      cause === undefined ? { path } : { path, cause },
    );
  }

  /** Remembers the present state. */
  checkpoint(): Checkpoint {
    return {
      pos: this.pos,
      seen: this.#seen.length,
      shapes: this.#shapes.length,
      deferred: this.#deferred.length,
      buffers: this.buffers.length,
      required: this.#required.length,
      depth: this.#depth,
      undeferred: this.#undeferred,
    };
  }

  /** Takes back all that was written since a checkpoint. */
  rollback(to: Checkpoint): void {
    this.pos = to.pos;
    for (const value of this.#seen.splice(to.seen)) this.#numbers?.delete(value);
    this.#shapes.length = to.shapes;
    this.#deferred.length = to.deferred;
    this.buffers.length = to.buffers;
    this.#required.length = to.required;
    this.#depth = to.depth;
    this.#undeferred = to.undeferred;
  }

  /** Writes the named properties of an object: its shape, then the values. */
  properties(value: object, keys: string[]): void {
    const shape = this.#findShape(keys);
    if (shape >= 0) {
      this.varint(shape * 2 + 1);
    } else {
      this.varint(keys.length * 2);
      for (let i = 0; i < keys.length; i++) this.string(keys[i] as string);
      this.#shapes.push(keys);
    }
    const depth = this.#depth++;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      this.#path[depth] = key;
      this.value((value as Record<string, unknown>)[key]);
    }
    this.#depth = depth;
  }

  /**
   * Gives a container its number and writes it; where it lies deep, its content comes later.
   *
   * @param value The container.
   * @param base The tag that says what content it has.
   * @param header Writes what stands between the tag and the content of an instance of a class.
   */
  container(value: object, base: number, header?: () => void): void {
    this.add(value);
    const deep = this.#depth >= INLINE_DEPTH && this.#undeferred === 0;
    if (deep) this.byte(tag.DEFERRED);
    if (header !== undefined) {
      this.byte(tag.INSTANCE);
      header();
    }
    this.byte(base);
    const fields = header !== undefined && base !== tag.OBJECT;
    if (!deep) return this.#content(value, base, fields);
    const prefix = this.#prefix + formatPath("", this.#path, this.#depth);
    this.#deferred.push({ value, base, fields, prefix });
  }

  #finish(): number {
    // Contents may defer further contents: the list grows while it is read.
    for (let i = 0; i < this.#deferred.length; i++) {
      const { value, base, fields, prefix } = this.#deferred[i] as Deferred;
      this.#prefix = prefix;
      this.#content(value, base, fields);
    }
    if (this.#required.length > 0) {
      this.bytes[0] = tag.VERSION | tag.HAS_MODULES;
      writeRequirements(this, this.#required);
    }
    return this.pos;
  }

  #reset(): void {
    if (this.#seen.length > 0) this.#seen.length = 0;
    if (this.#shapes.length > 0) this.#shapes.length = 0;
    if (this.#deferred.length > 0) this.#deferred.length = 0;
    if (this.#required.length > 0) this.#required.length = 0;
    if (this.#path.length > 64) this.#path.length = 0;
    this.#numbers = null;
    this.#prefix = "";
    this.#depth = 0;
    this.#undeferred = 0;
  }

  #isOverflow(error: unknown): boolean {
    return this.#depth > INLINE_DEPTH && error instanceof RangeError &&
      /call stack/i.test(error.message);
  }

  /** Gives the number of an object that was written before, or -1. */
  #find(value: object): number {
    if (this.#numbers !== null) return this.#numbers.get(value) ?? -1;
    const seen = this.#seen;
    for (let i = 0; i < seen.length; i++) {
      if (seen[i] === value) return i;
    }
    return -1;
  }

  #findShape(keys: string[]): number {
    const shapes = this.#shapes;
    const oldest = Math.max(0, shapes.length - RECENT_SHAPES);
    for (let i = shapes.length - 1; i >= oldest; i--) {
      const shape = shapes[i] as string[];
      if (shape.length !== keys.length) continue;
      let k = 0;
      while (k < keys.length && shape[k] === keys[k]) k++;
      if (k === keys.length) return i;
    }
    return -1;
  }

  #object(value: object): void {
    if (this.#again(value)) return;
    if (this.#isHandle(value)) return writeHandle(this, value);
    const proto: unknown = Object.getPrototypeOf(value);
    if (proto === Object.prototype) return this.container(value, tag.OBJECT);
    if (Array.isArray(value)) {
      if (proto === Array.prototype) return this.container(value, tag.ARRAY);
    } else if (proto === null) {
      return this.container(value, tag.NULL_OBJECT);
    }
    writeOther(this, value, proto as object | null);
  }

  // deno-lint-ignore ban-types -- functions of any signature, classes included
  #function(value: Function): void {
    if (this.#again(value)) return;
    if (this.#isHandle(value)) return writeHandle(this, value);
    writeFunction(this, value);
  }

  /** Writes a reference to an object that was written before. */
  #again(value: object): boolean {
    const number = this.#find(value);
    if (number < 0) return false;
    this.byte(tag.REF);
    this.varint(number);
    return true;
  }

  #isHandle(value: object): value is Handled {
    try {
      return typeof (value as Partial<Handled>)[HANDLE] === "function";
    } catch (error) {
      if (isRevokedProxy(value)) this.fail(unshareableReason(value));
      throw error;
    }
  }

  /** Writes the content of a container; `fields` says that it is an instance, whose fields follow. */
  #content(value: object, base: number, fields: boolean): void {
    switch (base) {
      case tag.OBJECT:
      case tag.NULL_OBJECT:
        return this.properties(value, Object.keys(value));
      case tag.ARRAY:
        this.#items(value as unknown[]);
        break;
      case tag.MAP:
        for (const [key, item] of mapEntries.call(value as Map<unknown, unknown>)) {
          this.member({ text: ".keys()" }, key);
          this.member({ key }, item);
        }
        this.byte(tag.END);
        break;
      case tag.SET:
        for (const item of setValues.call(value as Set<unknown>)) {
          this.member({ text: ".values()" }, item);
        }
        this.byte(tag.END);
        break;
      case tag.DATE:
        this.float(Date.prototype.getTime.call(value));
        break;
    }
    if (fields) this.properties(value, propertyNames(value));
  }

  #items(items: unknown[]): void {
    const length = items.length;
    this.varint(length);
    const depth = this.#depth++;
    let holes = 0;
    if (isSparse(items)) {
      let next = 0;
      for (const key of Object.keys(items)) {
        const index = arrayIndex(key);
        if (index < 0) continue;
        this.#holes(index - next);
        this.#path[depth] = index;
        this.value(items[index]);
        next = index + 1;
      }
      holes = length - next;
    } else {
      for (let i = 0; i < length; i++) {
        const item = items[i];
        if (item === undefined && !(i in items)) {
          holes++;
          continue;
        }
        if (holes > 0) {
          this.#holes(holes);
          holes = 0;
        }
        this.#path[depth] = i;
        this.value(item);
      }
    }
    this.#holes(holes);
    this.#depth = depth;
    const names = propertyNames(items);
    if (names.length > 0) {
      this.byte(tag.FIELDS);
      this.properties(items, names);
    }
  }

  #holes(count: number): void {
    if (count <= 0) return;
    this.byte(tag.HOLES);
    this.varint(count);
  }
}
