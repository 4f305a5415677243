/**
 * Greenlets that each fetch from a local server, with at most so many requests under way.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Greenlet, hub, joinAll, sleep, spawn } from "../../coroutine/mod.ts";
import { Semaphore } from "../../sync/mod.ts";

/** What has come of the requests. */
export interface Fetches {
  /** How many were answered. */
  answered: number;
  /** How many were under way at most. */
  most: number;
  /** How many greenlets waited for their turn at first. */
  waiting: number;
  /** Requests in a second. */
  rate: number;
}

/** Fetches `count` times; `onWaiting` is called when all greenlets are there. */
export async function runFetches(
  count: number,
  inFlight: number,
  onStart: () => void = () => {},
  onWaiting: (waiting: number) => void = () => {},
): Promise<Fetches> {
  const server = createServer((_, response) => response.end("hello"));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const seats = new Semaphore(inFlight, { scope: "local" });
  let [now, most, answered] = [0, 0, 0];
  const get = async (): Promise<void> => {
    const guard = await seats.acquire();
    most = Math.max(most, ++now);
    try {
      const response = await fetch(url, { signal: (hub.current as Greenlet).signal });
      if (await response.text() === "hello") answered++;
    } finally {
      now--;
      guard.release();
    }
  };
  // One request, so that all that it needs is loaded.
  await (await fetch(url)).text();
  onStart();
  const began = performance.now();
  const greenlets = Array.from({ length: count }, () => spawn(get));
  await sleep(0);
  await sleep(0);
  const waiting = hub.statistics().waits["Semaphore.acquire()"] ?? 0;
  onWaiting(waiting);
  await joinAll(greenlets, { raiseError: true });
  const rate = count / (performance.now() - began) * 1000;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { answered, most, waiting, rate };
}
