/**
 * What can be patched of Deno's standard input and child processes.
 *
 * `prompt`, `confirm` and `alert` block the thread. A greenlet gets a promise instead, and lets the others run.
 *
 * A command does not tell how it was made, and its `output` does not give the child away. So the class stands behind a proxy
 * that remembers what commands are made of, and `output` starts a child that can be killed. Commands that are older are
 * waited for, and not killed.
 *
 * @module
 */

import { denoNamespace } from "./patch_deno.ts";
import {
  onAbort,
  type PatchedFunction,
  type PatchHost,
  type PatchPoint,
  points,
  type Replace,
} from "./patch_point.ts";
import { ByteReader, type ByteSource, Leftovers } from "./patch_stream.ts";

interface Terminal extends ByteSource {
  isTerminal(): boolean;
}

interface Child {
  output(): Promise<unknown>;
  kill(signal: string): void;
}

type CommandClass = new (command: unknown, options?: object) => { spawn(): Child };

/** Gives what can be patched of the standard input. */
export function denoStdinPoints(): PatchPoint[] {
  const stdin = denoNamespace()?.stdin as Terminal | undefined;
  if (stdin === undefined) return [];
  const what = "standard input";
  const replaceRead: Replace = (original, host) => {
    const reader = new ByteReader((buffer) => original.call(stdin, buffer) as Promise<number>);
    return (buffer) => reader.read(buffer as Uint8Array, host, what, () => {});
  };
  return [
    ...points({ kind: "stdin", module: "Deno", holder: stdin, prefix: "stdin.", forAll: true }, {
      read: replaceRead,
    }),
    ...points({ kind: "stdin", module: "globalThis", holder: globalThis }, {
      prompt: asking(stdin, async (ask, message = "Prompt", preset = undefined) => {
        const line = await ask(preset === undefined ? `${message} ` : `${message} [${preset}] `);
        return line || (preset ?? line);
      }),
      confirm: asking(stdin, async (ask, message = "Confirm") => {
        return /^y$/i.test(await ask(`${message} [y/N] `) ?? "");
      }),
      alert: asking(stdin, async (ask, message = "Alert") => {
        await ask(`${message} [Enter] `);
      }),
    }),
  ];
}

type Ask = (question: string) => Promise<string | null>;

/** Asks if there is a terminal; else the originals do not block, either. */
function asking(
  stdin: Terminal,
  dialogue: (ask: Ask, message?: unknown, preset?: unknown) => Promise<unknown>,
): Replace {
  return (original, host) =>
    function (...args) {
      if (!stdin.isTerminal()) return Promise.resolve(original.apply(this, args));
      return dialogue((question) => ask(stdin, question, host), ...args);
    };
}

const answers: Leftovers<string | null> = new Leftovers();

/** Asks on the terminal; gives `null` at the end of the input. */
function ask(stdin: Terminal, question: string, host: PatchHost): Promise<string | null> {
  const { stdout } = denoNamespace() as unknown as {
    stdout: { writeSync(data: Uint8Array): number };
  };
  stdout.writeSync(new TextEncoder().encode(question));
  const what = `an answer to "${question.trim()}"`;
  return answers.wait(host, what, () => readLine(stdin), () => {});
}

/** Reads a line; a terminal gives one at a time. */
async function readLine(source: ByteSource): Promise<string | null> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  let line = "";
  for (;;) {
    const count = await source.read(buffer);
    if (count === null) return line === "" ? null : line;
    line += decoder.decode(buffer.subarray(0, count), { stream: true });
    if (line.endsWith("\n")) return line.replace(/\r?\n$/, "");
  }
}

/** Gives what can be patched of child processes. */
export function denoSubprocessPoints(): PatchPoint[] {
  const namespace = denoNamespace();
  const place = { kind: "subprocess", module: "Deno" } as const;
  const { prototype: command } = (namespace?.Command ?? {}) as { prototype?: object };
  const { prototype: child } = (namespace?.ChildProcess ?? {}) as { prototype?: object };
  return [
    ...points({ ...place, holder: namespace, forAll: true }, { Command: remember }),
    ...points({ ...place, holder: command, prefix: "Command.prototype." }, {
      output: replaceOutput,
    }),
    ...points({ ...place, holder: child, prefix: "ChildProcess.prototype." }, {
      output: (original, host) =>
        function () {
          return host.wait("the output of a child process", (signal) => {
            onAbort(signal, () => kill(this as Child));
            return original.call(this) as Promise<unknown>;
          });
        },
    }),
  ];
}

/** What commands were made of. */
const commands: WeakMap<object, { command: unknown; options: Record<string, unknown> }> =
  new WeakMap();

const remember: Replace = (original) =>
  new Proxy(original as unknown as CommandClass, {
    construct(target, args, newTarget) {
      const made = Reflect.construct(target, args, newTarget) as object;
      commands.set(made, { command: args[0], options: { ...args[1] as object } });
      return made;
    },
  }) as unknown as PatchedFunction;

const replaceOutput: Replace = (original, host) =>
  function () {
    const made = commands.get(this as object);
    const what = `the output of ${made?.command ?? "a command"}`;
    return host.wait(what, (signal) => {
      // An input that is piped is refused by the original.
      if (made === undefined || made.options.stdin === "piped") {
        return original.call(this) as Promise<unknown>;
      }
      const Command = denoNamespace()?.Command as CommandClass;
      const stdio = { stdin: "null", stdout: "piped", stderr: "piped" };
      const child = new Command(made.command, { ...stdio, ...made.options }).spawn();
      onAbort(signal, () => kill(child));
      return child.output();
    });
  };

function kill(child: Child): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
