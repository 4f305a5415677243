/**
 * The list at the end of a message: what has to be loaded before the message can be decoded.
 *
 * @module
 */

import { ByteReader, corrupt } from "./codec_reader.ts";
import type { ByteWriter } from "./codec_writer.ts";
import type { Requirement } from "./module_registry.ts";

const REGISTRATION = 0;
const HANDLE_TYPE = 1;

/** Adds a requirement to a list, unless one that is there implies it. */
export function addRequirement(list: Requirement[], added: Requirement): void {
  for (const known of list) {
    if (known.url !== added.url) continue;
    if ("type" in known) {
      if ("type" in added && known.type === added.type) return;
    } else if ("index" in added && known.index >= added.index) {
      return;
    }
  }
  list.push(added);
}

/** Writes the list, and its length in the last four bytes. */
export function writeRequirements(writer: ByteWriter, list: readonly Requirement[]): void {
  const start = writer.pos;
  writer.varint(list.length);
  for (const requirement of list) {
    writer.string(requirement.url);
    if ("type" in requirement) {
      writer.byte(HANDLE_TYPE);
      writer.string(requirement.type);
    } else {
      writer.byte(REGISTRATION);
      writer.varint(requirement.index);
    }
  }
  const length = writer.pos - start;
  for (let shift = 24; shift >= 0; shift -= 8) writer.byte((length >>> shift) & 0xff);
}

/** Reads the list of a message that has one, and that lies in `bytes` from `start` to `end`. */
export function readRequirements(bytes: Uint8Array, start: number, end: number): Requirement[] {
  const reader = new ByteReader();
  reader.bytes = bytes;
  reader.pos = requirementsStart(bytes, start, end);
  reader.end = end - 4;
  const list: Requirement[] = [];
  for (let count = reader.count(3); count > 0; count--) {
    const url = reader.string();
    const kind = reader.byte();
    list.push(
      kind === HANDLE_TYPE ? { url, type: reader.string() } : { url, index: reader.varint() },
    );
  }
  return list;
}

/** Gives the position where the list begins. */
export function requirementsStart(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let i = end - 4; i < end; i++) length = length * 256 + (bytes[i] ?? 0);
  const position = end - 4 - length;
  if (position <= start) throw corrupt("it ends too early");
  return position;
}
