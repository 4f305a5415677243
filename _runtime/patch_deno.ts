/**
 * What can be patched of the `Deno` namespace: connections and files. The rest is in {@linkcode denoProcessPoints}.
 *
 * @module
 */

import {
  abortable,
  awaited,
  onAbort,
  override,
  type PatchedFunction,
  type PatchHost,
  type PatchPoint,
  points,
  type Replace,
} from "./patch_point.ts";
import { ByteReader, followStream, Leftovers, type OnInterrupt } from "./patch_stream.ts";

/** A connection or a listener. */
interface Closable {
  close(): void;
}

/** What the namespace is here: a bag of functions. */
export interface DenoNamespace {
  readonly [name: string]: unknown;
}

/** Functions of files whose promises are short. */
const FILES: readonly string[] = [
  "chmod",
  "chown",
  "copyFile",
  "create",
  "link",
  "lstat",
  "makeTempDir",
  "makeTempFile",
  "mkdir",
  "open",
  "readLink",
  "realPath",
  "remove",
  "rename",
  "stat",
  "symlink",
  "truncate",
  "utime",
];

/** Gives the namespace; `null` on other runtimes. */
export function denoNamespace(): DenoNamespace | null {
  const { Deno: namespace } = globalThis as unknown as { Deno?: DenoNamespace };
  return typeof namespace?.Command === "function" ? namespace : null;
}

/** Gives what can be patched of connections. */
export function denoNetPoints(): PatchPoint[] {
  const place = { kind: "net", module: "Deno", holder: denoNamespace() } as const;
  return [
    ...points({ ...place, forAll: true }, {
      connect: connecting("connection"),
      connectTls: connecting("TLS connection"),
      listen: listening,
      listenTls: listening,
    }),
    ...points(place, { resolveDns: abortable(([name]) => `the address of ${name}`, 2) }),
  ];
}

/** Gives what can be patched of files. */
export function denoFilePoints(): PatchPoint[] {
  const replacements: Record<string, Replace> = {
    readFile: abortable(([path]) => `Deno.readFile ${path}`, 1),
    readTextFile: abortable(([path]) => `Deno.readTextFile ${path}`, 1),
    writeFile: abortable(([path]) => `Deno.writeFile ${path}`, 2),
    writeTextFile: abortable(([path]) => `Deno.writeTextFile ${path}`, 2),
  };
  for (const name of FILES) {
    replacements[name] = awaited(([path]) => `Deno.${name} ${path ?? ""}`.trim());
  }
  return points({ kind: "files", module: "Deno", holder: denoNamespace() }, replacements);
}

function connecting(what: string): Replace {
  return (original, host) =>
    function (...args) {
      const describe = `a ${what} to ${address(args[0])}`;
      return host.wait(describe, async (signal) => {
        const connection = await (original.apply(this, args) as Promise<Closable>);
        // It comes too late: nobody else can close it.
        if (signal.aborted) connection.close();
        followConnection(connection, host);
        return connection;
      });
    };
}

/** To iterate over a listener is to call its `accept`. */
const listening: Replace = (original, host) =>
  function (...args) {
    const listener = original.apply(this, args) as Record<PropertyKey, PatchedFunction>;
    const accept = listener.accept as PatchedFunction;
    const accepted = new Leftovers<object>();
    const describe = `a connection on ${address(args[0])}`;
    const replaced: PatchedFunction = async function () {
      const begin = (): Promise<object> => accept.call(listener) as Promise<object>;
      const connection = await accepted.wait(host, describe, begin, () => {});
      followConnection(connection, host);
      return connection;
    };
    override(listener, "accept", replaced);
    return listener;
  };

const followed: WeakSet<object> = new WeakSet();

/** Lets a connection be read and written in the name of greenlets. Who is killed meanwhile closes it. */
function followConnection(connection: object, host: PatchHost): void {
  if (followed.has(connection)) return;
  followed.add(connection);
  const { read, write } = connection as Record<string, PatchedFunction>;
  if (typeof read !== "function" || typeof write !== "function") return;
  const what = "data from a connection";
  const onInterrupt: OnInterrupt = (_reason, killed) => {
    if (killed) close(connection);
  };
  const reader = new ByteReader((buffer) =>
    read.call(connection, buffer) as Promise<number | null>
  );
  override(connection, "read", function (buffer) {
    return reader.read(buffer as Uint8Array, host, what, onInterrupt);
  });
  override(connection, "write", function (...args) {
    if (!host.inGreenlet()) return write.apply(connection, args);
    return host.wait("a connection that takes data", (signal, isKilled) => {
      onAbort(signal, (reason) => onInterrupt(reason, isKilled()));
      return write.apply(connection, args) as Promise<unknown>;
    });
  });
  const prototype = Object.getPrototypeOf(connection) as object;
  let stream: ReadableStream | null = null;
  Object.defineProperty(connection, "readable", {
    configurable: true,
    get(): ReadableStream {
      if (stream === null) {
        stream = Reflect.get(prototype, "readable", connection) as ReadableStream;
        followStream(stream, host, what, onInterrupt);
      }
      return stream;
    },
  });
}

function close(resource: object): void {
  try {
    (resource as Closable).close();
  } catch {
    // Somebody else has closed it.
  }
}

function address(options: unknown): string {
  const { hostname, port, path } = options as Record<string, unknown>;
  return path === undefined ? `${hostname ?? "127.0.0.1"}:${port ?? "?"}` : String(path);
}
