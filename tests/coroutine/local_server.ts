/** A web server for tests: it answers at once, late, in part or never, and knows whose request was given up. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { turn } from "../conformance/support.ts";

/** Milliseconds after which nobody else comes to a meeting. */
const PATIENCE = 20_000;

/** A running server. */
export interface LocalServer {
  /** Where it is: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** The paths that were asked for, in order. */
  readonly asked: string[];
  /** The paths of requests whose connection was closed before their answer was whole. */
  readonly givenUp: string[];
  /** Most requests at once that had no answer. */
  readonly most: number;
  /** Ends it, and all connections. */
  close(): Promise<void>;
}

/**
 * Starts a server. `/size/1000` is so many bytes, `/meet/3/1000` the same when three have asked for such a thing; `/half`
 * begins and never ends, `/never` never begins, anything else is a greeting.
 */
export async function startServer(): Promise<LocalServer> {
  const asked: string[] = [];
  const givenUp: string[] = [];
  let open = 0;
  let most = 0;
  const meeting: (() => void)[] = [];
  let patience: ReturnType<typeof setTimeout> | null = null;
  const answerAll = (): void => {
    if (patience !== null) clearTimeout(patience);
    patience = null;
    for (const answer of meeting.splice(0)) answer();
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    const [, what, number, size] = path.split("/");
    asked.push(path);
    most = Math.max(most, ++open);
    response.on("close", () => {
      open--;
      if (!response.writableFinished) givenUp.push(path);
    });
    if (what === "size") response.end("x".repeat(Number(number)));
    else if (what === "meet") {
      meeting.push(() => response.end("x".repeat(Number(size))));
      if (meeting.length === Number(number)) answerAll();
      else patience ??= setTimeout(answerAll, PATIENCE);
    } else if (what === "half") response.write("half");
    else if (what !== "never") response.end(`hello ${path}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    givenUp,
    get most() {
      return most;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await turn();
    },
  };
}
