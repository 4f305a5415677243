/** Starts other processes of this one's family, for tests that need real ones. */

import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { decode, encode } from "../../_core/codec.ts";
import {
  bindChild,
  type FamilyTicket,
  familyTicket,
  releaseTicket,
} from "../../_core/process_family.ts";
import { until } from "../conformance/support.ts";
import type { Part } from "./family_child.ts";

const PROGRAM = new URL("./family_child.ts", import.meta.url);

/** Whether this is Deno. */
export const isDeno: boolean = "deno" in process.versions;

/** How a relative is started, and how its end is found out. */
export interface RelativeOptions {
  /** Whether the parent says when it is dead; otherwise those who wait find it out. Default: true. */
  reported?: boolean;
  /** The command that runs a program, with its flags. Default: that of this process. */
  command?: readonly string[];
  /** The file of the program. Default: that of these tests. */
  program?: string;
  /** Where its errors go. Default: to the test. */
  errors?: "pipe" | "inherit";
}

/** Another process of the family. */
export class Relative {
  readonly ticket: FamilyTicket;
  readonly #child: ChildProcess;
  readonly #said: Map<string, unknown> = new Map();
  readonly #exited: Promise<void>;
  #errors = "";
  #hasExited = false;

  constructor(part: Part, { reported = true, ...options }: RelativeOptions) {
    this.ticket = part.ticket;
    const flags = isDeno ? ["run", "-A", "--quiet"] : [];
    const [command, ...rest] = options.command ?? [process.execPath, ...flags];
    const program = options.program ?? fileURLToPath(PROGRAM);
    const child = spawn(command as string, [...rest, program, JSON.stringify(part)], {
      stdio: ["pipe", "pipe", options.errors ?? "pipe"],
    });
    this.#child = child;
    bindChild(part.ticket, this.pid);
    let text = "";
    child.stdout?.on("data", (chunk) => {
      const lines = `${text}${chunk}`.split("\n");
      text = lines.pop() as string;
      for (const line of lines) this.#hear(line);
    });
    child.stderr?.on("data", (chunk) => this.#errors += chunk);
    this.#exited = new Promise((resolve) => {
      child.on("close", () => {
        this.#hasExited = true;
        if (reported) releaseTicket(part.ticket);
        resolve();
      });
    });
  }

  /** What the system calls it. */
  get pid(): number {
    return this.#child.pid as number;
  }

  #hear(line: string): void {
    if (!line.startsWith("[")) {
      this.#errors += `${line}\n`;
      return;
    }
    const [word, data] = JSON.parse(line) as [string, unknown];
    this.#said.set(word, data);
  }

  /** Waits until it has said a word, and gives what it said. */
  async heard(word: string): Promise<unknown> {
    await until(() => this.#said.has(word) || this.#said.has("error") || this.#hasExited, word);
    if (this.#said.has(word)) return this.#said.get(word);
    throw new Error(`It does not say ${word}: ${this.#said.get("error") ?? this.#errors}`);
  }

  /** Waits for its end, and gives its result. */
  async result(): Promise<unknown> {
    const text = await this.heard("result") as string;
    await this.#exited;
    return decode(new Uint8Array(Buffer.from(text, "base64")));
  }

  /** Waits for its end. */
  async ended(): Promise<void> {
    await this.#exited;
  }

  /** What it has written that was no message. */
  get errors(): string {
    return this.#errors;
  }

  /** Kills it, as `kill -9` does, and waits for its end. */
  async kill(): Promise<void> {
    this.strike();
    await this.#exited;
  }

  /** Kills it, and waits for nothing. */
  strike(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Starts a relative that plays a role of `family_roles.ts`. */
export type Start = (role: Part["role"], args: unknown[], options?: RelativeOptions) => Relative;

/** Starts a relative, which nobody kills at the end. */
export const startRelative: Start = (role, args, options = {}) => {
  const ticket = familyTicket();
  if (ticket === null) throw new Error("There is no FFI");
  const bytes = Buffer.from(encode(args, "process", "args").bytes).toString("base64");
  return new Relative({ role, ticket, args: bytes }, options);
};

/** Runs a test that starts relatives, and kills those that it has left running. */
export async function withRelatives(test: (start: Start) => Promise<void>): Promise<void> {
  const relatives: Relative[] = [];
  try {
    await test((...request) => {
      const relative = startRelative(...request);
      relatives.push(relative);
      return relative;
    });
  } finally {
    for (const relative of relatives) {
      await relative.kill();
      releaseTicket(relative.ticket);
    }
  }
}
