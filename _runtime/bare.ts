/**
 * What both runtimes give without a module. On Deno, `node:process` costs every start of a process several milliseconds.
 *
 * @module
 */

/** The part of Deno that is used without modules. */
export interface BareDeno {
  readonly args: string[];
  readonly pid: number;
  readonly mainModule: string;
  readonly version: { readonly deno: string };
  exitCode: number;
  exit(code: number): never;
  kill(pid: number, signal: string): void;
  connect(target: object): Promise<BareConnection>;
  listen(target: object): BareListener;
  env: { get(name: string): string | undefined; delete(name: string): void };
}

/** A connection of Deno. */
export interface BareConnection {
  read(bytes: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

/** A place of Deno where connections arrive. */
export interface BareListener {
  accept(): Promise<BareConnection>;
  close(): void;
}

/** The part of Node's `process` that is used without modules. */
export interface BareProcess {
  argv: string[];
  readonly pid: number;
  exitCode?: number | string | null | undefined;
  readonly env: Record<string, string | undefined>;
  exit(code: number): never;
  kill(pid: number, signal: string): void;
  emit(event: string, code: number): void;
  on(event: string, listener: (error: unknown) => void): void;
  listenerCount(event: string): number;
  removeAllListeners(event: string): void;
}

/** Gives Deno; `null` on Node. */
export function bareDeno(): BareDeno | null {
  const { Deno } = globalThis as { Deno?: Partial<BareDeno> };
  return typeof Deno?.version?.deno === "string" ? Deno as BareDeno : null;
}

/** Gives `process`. */
export function bareProcess(): BareProcess {
  return (globalThis as unknown as { process: BareProcess }).process;
}

const USED = Symbol.for("nogil.process");

/** Says that this thread uses `process` of Node, on whatever runtime. */
export function useProcess(): void {
  (globalThis as { [key: symbol]: unknown })[USED] = true;
}

/** Whether this thread uses `process` of Node, as far as this library knows. */
export function usesProcess(): boolean {
  return bareDeno() === null || (globalThis as { [key: symbol]: unknown })[USED] === true;
}
