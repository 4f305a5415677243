/**
 * The bodies of records, as both sides of a pool read them.
 *
 * @module
 */

import { decodeRange, requiredModules } from "../_core/codec.ts";
import {
  K_CODED,
  K_FALSE,
  K_NUMBER,
  K_NUMBERS,
  K_TRUE,
  KIND,
  PAGED,
} from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import type { LooseBuffers } from "./worker_host.ts";

/** Where the bytes of a coded body are. */
export interface Span {
  /** The bytes around it. */
  bytes: Uint8Array;
  /** Its first byte. */
  start: number;
  /** The byte behind it. */
  end: number;
}

/** Finds the bytes of a coded body that begins at a unit. */
export function spanOf(memory: TaskMemory, op: number, unit: number, length: number): Span {
  if ((op & PAGED) === 0) {
    return { bytes: memory.bytes, start: unit * 8, end: unit * 8 + length };
  }
  const address = memory.words.get(unit * 2);
  return { bytes: memory.agent.arena.heap.bytesAt(address, length), start: 0, end: length };
}

/** Gives the modules that have to be imported before a body can be read. */
export function modulesOf(
  memory: TaskMemory,
  op: number,
  unit: number,
  length: number,
): readonly string[] {
  if ((op & KIND) !== K_CODED) return [];
  const { bytes, start, end } = spanOf(memory, op, unit, length);
  return requiredModules(bytes, start, end);
}

/** Reads a body. */
export function readBody(
  memory: TaskMemory,
  op: number,
  unit: number,
  length: number,
  buffers: LooseBuffers,
): unknown {
  switch (op & KIND) {
    case K_NUMBER:
      return memory.floats[unit];
    case K_NUMBERS:
      return readNumbers(memory, unit, length);
    case K_TRUE:
      return true;
    case K_FALSE:
      return false;
    case K_CODED: {
      const { bytes, start, end } = spanOf(memory, op, unit, length);
      return decodeRange(bytes, start, end, buffers as SharedBuffers);
    }
    default:
      return undefined;
  }
}

/** As the codec calls the buffers that go beside a message. */
type SharedBuffers = Parameters<typeof decodeRange>[3] & object;

/** Reads a body of numbers. */
export function readNumbers(memory: TaskMemory, unit: number, length: number): number[] {
  const numbers = new Array<number>(length);
  for (let i = 0; i < length; i++) numbers[i] = memory.floats[unit + i] as number;
  return numbers;
}

/** Tells whether a list holds numbers alone. */
export function areNumbers(values: readonly unknown[]): values is number[] {
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== "number") return false;
  return true;
}

/** Microseconds of a clock that all threads share, modulo 2 ** 31 and never 0. */
export function stamp(): number {
  return ((performance.timeOrigin + performance.now()) * 1000 % 0x7fffffff | 0) || 1;
}

/** Milliseconds between two stamps. */
export function elapsed(from: number, to: number): number {
  return ((to - from) & 0x7fffffff) / 1000;
}
