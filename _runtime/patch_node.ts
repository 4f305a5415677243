/**
 * What can be patched of the modules of Node, which Deno has, too.
 *
 * The objects that `import fs from "node:fs/promises"` gives are patched. So that `import { readFile } from
 * "node:fs/promises"` sees it, Node has to be told: {@linkcode syncNamedImports}. On Deno, named imports of these modules keep
 * what they were bound to.
 *
 * @module
 */

import process from "node:process";
import { builtin } from "./builtin.ts";
import { abortable, awaited, type PatchPoint, points, type Replace } from "./patch_point.ts";
import { iterate, iterateOnce } from "./patch_stream.ts";

interface Emitter {
  once(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
  listenerCount(event: string): number;
}

interface Socket extends Emitter {
  readonly connecting: boolean;
  destroy(error?: unknown): void;
}

/** Makes named imports of Node's modules see what was patched; Deno has no such thing. */
export function syncNamedImports(): void {
  const module = builtin("node:module") as { syncBuiltinESMExports?: () => void } | null;
  module?.syncBuiltinESMExports?.();
}

/** Functions of files that take a signal, and where. */
const ABORTABLE_FILES: Readonly<Record<string, number>> = {
  appendFile: 2,
  readFile: 1,
  writeFile: 2,
};

/** Functions of files whose promises are short. */
const SHORT_FILES: readonly string[] = [
  "access",
  "chmod",
  "chown",
  "copyFile",
  "cp",
  "lchown",
  "link",
  "lstat",
  "lutimes",
  "mkdir",
  "mkdtemp",
  "open",
  "opendir",
  "readdir",
  "readlink",
  "realpath",
  "rename",
  "rm",
  "rmdir",
  "stat",
  "statfs",
  "symlink",
  "truncate",
  "unlink",
  "utimes",
];

/** Gives what can be patched of files. */
export function nodeFilePoints(): PatchPoint[] {
  const replacements: Record<string, Replace> = {};
  for (const [name, index] of Object.entries(ABORTABLE_FILES)) {
    replacements[name] = abortable(([path]) => `${name} ${path}`, index);
  }
  for (const name of SHORT_FILES) {
    replacements[name] = awaited(([path]) => `${name} ${path}`);
  }
  const module = "node:fs/promises";
  return points({ kind: "files", module, holder: builtin(module) }, replacements);
}

/** Gives what can be patched of events, and of streams as a whole. */
export function nodeEventPoints(): PatchPoint[] {
  const events = builtin("node:events") as { once?: unknown } | null;
  const streams = builtin("node:stream/promises");
  return [
    ...points({ kind: "events", module: "node:events", holder: events }, {
      once: abortable(([, event]) => `the event "${String(event)}"`, 2),
      on: (original, host) =>
        function (...args) {
          const inner = original.apply(this, args) as AsyncIterator<unknown>;
          return iterate(inner, host, `the event "${String(args[1])}"`, () => {});
        },
    }),
    ...points({ kind: "events", module: "node:stream/promises", holder: streams }, {
      finished: abortable(() => "the end of a stream", 1),
    }),
  ];
}

/** Gives what can be patched of sockets. */
export function nodeNetPoints(): PatchPoint[] {
  const net = builtin("node:net") as { Socket?: { prototype: object } } | null;
  const place = { kind: "net", module: "node:net", holder: net?.Socket?.prototype } as const;
  return points({ ...place, prefix: "Socket.prototype." }, {
    connect: replaceConnect,
    [Symbol.asyncIterator]: (original, host) =>
      function (...args) {
        const begin = (): unknown => original.apply(this, args);
        return iterateOnce(this as object, begin, host, "data from a socket", (reason, killed) => {
          // Others may go on to read the standard input.
          if (killed && this !== process.stdin) destroy(this as Socket, reason);
        });
      },
  });
}

/** The greenlet waits, by whatever event, until the socket is connected. If it is interrupted, the socket is destroyed. */
const replaceConnect: Replace = (original, host) =>
  function (...args) {
    const socket = this as Socket;
    const what = `a connection to ${address(args)}`;
    const result = original.apply(this, args);
    if (!socket.connecting) return result;
    const events = ["connect", "close"];
    const end = (): void => {
      leave();
      for (const event of events) socket.off(event, end);
    };
    const leave = host.enter(what, (error) => {
      end();
      destroy(socket, error);
    });
    for (const event of events) socket.once(event, end);
    return result;
  };

/** Destroys a socket; with the error, if somebody would hear it. */
function destroy(socket: Socket, error: unknown): void {
  if (socket.listenerCount("error") > 0) socket.destroy(error);
  else socket.destroy();
}

function address(args: readonly unknown[]): string {
  // `net.connect` passes its arguments on as one array.
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as readonly unknown[];
  if (typeof first !== "object" || first === null) {
    return typeof first === "number"
      ? `${typeof second === "string" ? second : ""}:${first}`
      : `${first}`;
  }
  const { host, port, path } = first as Record<string, unknown>;
  return path === undefined ? `${host ?? "localhost"}:${port}` : `${path}`;
}

/** Gives what can be patched of reading lines. */
export function nodeStdinPoints(): PatchPoint[] {
  const promises = builtin("node:readline/promises") as
    | { Interface?: { prototype: object } }
    | null;
  const readline = builtin("node:readline") as { Interface?: { prototype: object } } | null;
  const lines: Replace = (original, host) =>
    function (...args) {
      return iterateOnce(
        this as object,
        () => original.apply(this, args),
        host,
        "a line",
        () => {},
      );
    };
  const prefix = "Interface.prototype.";
  return [
    ...points({
      kind: "stdin",
      module: "node:readline/promises",
      holder: promises?.Interface?.prototype,
      prefix,
    }, { question: abortable(([query]) => `an answer to "${String(query).trim()}"`, 1) }),
    ...points({
      kind: "stdin",
      module: "node:readline",
      holder: readline?.Interface?.prototype,
      prefix,
    }, { [Symbol.asyncIterator]: lines }),
  ];
}

/** Gives what can be patched of child processes: what `util.promisify` makes of `exec` and `execFile`. */
export function nodeSubprocessPoints(): PatchPoint[] {
  const module = "node:child_process";
  const promised = (indexOf: (args: readonly unknown[]) => number): Replace => (original, host) =>
    function (...args) {
      const describe = (): string => `the output of ${args[0]}`;
      const run = abortable(describe, indexOf(args), { killSignal: "SIGKILL" });
      return run(original, host).apply(this, args);
    };
  return points({ kind: "subprocess", module, holder: builtin(module) }, {
    exec: { promised: promised(() => 1) },
    execFile: { promised: promised((args) => Array.isArray(args[1]) ? 2 : 1) },
  });
}
