/**
 * What can be patched of `fetch`, and of the responses that it gives.
 *
 * A request is aborted by a controller of its own, which outlives the wait for the headers: whoever reads the body, and is
 * interrupted, aborts the same request.
 *
 * @module
 */

import { onAbort, type PatchPoint, points, type Replace, withSignal } from "./patch_point.ts";
import { followStream } from "./patch_stream.ts";

/** The request behind a response that a greenlet has fetched. */
interface Exchange {
  readonly what: string;
  abort(reason: unknown): void;
}

const exchanges: WeakMap<object, Exchange> = new WeakMap();

/** Gives what can be patched of `fetch`. */
export function fetchPoints(): PatchPoint[] {
  const body = Object.fromEntries(
    ["arrayBuffer", "blob", "bytes", "formData", "json", "text"].map((name) => [name, read(name)]),
  );
  return [
    ...points({ kind: "fetch", module: "globalThis", holder: globalThis }, {
      fetch: replaceFetch,
    }),
    ...points({
      kind: "fetch",
      module: "globalThis",
      holder: globalThis.Response?.prototype,
      prefix: "Response.prototype.",
    }, body),
  ];
}

const replaceFetch: Replace = (original, host) =>
  function (input, init) {
    const what = describeRequest(input, init);
    return host.wait(what, async (signal) => {
      const controller = new AbortController();
      onAbort(signal, (reason) => controller.abort(reason));
      const options = withSignal(init, controller.signal);
      if (input instanceof Request && (init as RequestInit | undefined)?.signal === undefined) {
        Object.assign(options, { signal: AbortSignal.any([input.signal, controller.signal]) });
      }
      const response = await (original.call(this, input, options) as Promise<Response>);
      const exchange = { what, abort: (reason: unknown) => controller.abort(reason) };
      exchanges.set(response, exchange);
      if (response.body !== null) {
        followStream(response.body, host, `the body of ${what}`, exchange.abort);
      }
      return response;
    });
  };

function read(name: string): Replace {
  return (original, host) =>
    function () {
      const exchange = exchanges.get(this as object);
      const what = `${name}() of ${exchange?.what ?? "a response"}`;
      return host.wait(what, (signal) => {
        onAbort(signal, (reason) => exchange?.abort(reason));
        return original.call(this) as Promise<unknown>;
      });
    };
}

function describeRequest(input: unknown, init: unknown): string {
  const isRequest = input instanceof Request;
  const method = (init as RequestInit | undefined)?.method ?? (isRequest ? input.method : "GET");
  return `fetch ${method.toUpperCase()} ${isRequest ? input.url : String(input)}`;
}
