import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { shareable } from "../../_core/shareable.ts";
import * as errors from "../../errors.ts";

function roundTrip<T>(value: T): T {
  const { bytes, buffers } = encode(value, "thread");
  return decode(bytes, buffers) as T;
}

export const AccountError = shareable(
  import.meta,
  class AccountError extends Error {
    static {
      this.prototype.name = "AccountError";
    }
    balance = 0;
    describe(): string {
      return `${this.message}: ${this.balance}`;
    }
  },
);

Deno.test("errors arrive with class, message, cause and remote stack", () => {
  const classes = [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    ...Object.values(errors),
  ] as unknown as (new (message?: string, options?: ErrorOptions) => Error)[];
  for (const type of classes) {
    const error = new type("went wrong", { cause: new TypeError("why") });
    const copy = roundTrip(error);
    assertInstanceOf(copy, type);
    assertStrictEquals(Object.getPrototypeOf(copy), type.prototype);
    assertEquals(copy.name, error.name);
    assertEquals(copy.message, "went wrong");
    assertInstanceOf(copy.cause, TypeError);
    assert(copy.stack?.includes(error.stack ?? "?"));
    assertEquals(Object.keys(copy), Object.keys(error));
  }
});

Deno.test("errors keep their fields, names and cycles", () => {
  const error = Object.assign(new RangeError("full"), { code: "E1", detail: { n: [1] } });
  error.name = "Renamed";
  error.cause = error;
  const copy = roundTrip({ error, again: error });
  assertEquals(copy.error.code, "E1");
  assertEquals(copy.error.detail, { n: [1] });
  assertEquals(copy.error.name, "Renamed");
  assertStrictEquals(copy.error.cause, copy.error);
  assertStrictEquals(copy.error, copy.again);
  const lost = roundTrip(
    new errors.WorkerLostError("gone", { kind: "process", signal: "SIGKILL", pid: 7, task: "f" }),
  );
  assertEquals(
    [lost.kind, lost.signal, lost.pid, lost.task, lost.exitcode],
    ["process", "SIGKILL", 7, "f", null],
  );
});

Deno.test("an AggregateError keeps its errors", () => {
  const copy = roundTrip(new AggregateError([new TypeError("a"), "b"], "both"));
  assertInstanceOf(copy, AggregateError);
  assertInstanceOf(copy.errors[0], TypeError);
  assertEquals(copy.errors[1], "b");
  assertEquals(Object.keys(copy), []);
});

Deno.test("a DOMException arrives as one", () => {
  const copy = roundTrip([new DOMException("stop", "AbortError")])[0];
  assertInstanceOf(copy, DOMException);
  assertEquals([copy.name, copy.message, copy.code], ["AbortError", "stop", 20]);
});

Deno.test("a shareable error class arrives as itself", () => {
  const error = new AccountError("overdrawn");
  error.balance = -5;
  const copy = roundTrip(error);
  assertInstanceOf(copy, AccountError);
  assertEquals(copy.describe(), "overdrawn: -5");
  assertEquals(copy.name, "AccountError");
});

Deno.test("an unknown error class arrives as RemoteError", () => {
  class UserError extends TypeError {
    userId = 7;
  }
  const error = new UserError("no such user", { cause: new Error("database") });
  const copy = roundTrip<Error>(error);
  assertInstanceOf(copy, errors.RemoteError);
  assertEquals(copy.remoteName, "UserError");
  assertEquals(copy.message, "no such user");
  assertEquals(copy.fields, { userId: 7 });
  assertEquals((copy.cause as Error).message, "database");
  assert(copy.remoteStack.includes("no such user"));
  assert(copy.stack?.includes(copy.remoteStack));
  assertEquals(roundTrip(copy).fields, { userId: 7 });
});

Deno.test("an error arrives without what cannot travel", () => {
  const shared = { s: 1 };
  const error = Object.assign(new TypeError("broken", { cause: Symbol("cause") }), {
    shape: { a: 1 },
    socket: { shared, more: [{}, {}, {}, {}, {}, {}, {}, {}], handle: new WeakMap() },
    code: 5,
    rows: [{ q: 1 }, { q: 2 }, shared, shared],
  });
  Object.defineProperty(error, "getter", {
    enumerable: true,
    get: () => {
      throw new Error("no");
    },
  });
  const copy = roundTrip([error, { a: 3 }]);
  assertInstanceOf(copy[0], TypeError);
  assertEquals(Object.keys(copy[0]), ["shape", "code", "rows"]);
  assertEquals((copy[0] as typeof error).rows, [{ q: 1 }, { q: 2 }, { s: 1 }, { s: 1 }]);
  assertEquals(copy[1], { a: 3 });
  assertEquals((copy[0] as Error).cause, undefined);
});

Deno.test("decode() refuses shareable errors from an untrusted sender, and takes others", () => {
  const plain = encode(new errors.TimeoutError("late"), "process").bytes;
  assertInstanceOf(decode(plain, [], { untrusted: true }), errors.TimeoutError);
  const known = encode(new AccountError("x"), "process").bytes;
  assertThrows(() => decode(known, [], { untrusted: true }), TypeError, "untrusted");
});
