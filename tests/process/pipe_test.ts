import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  BrokenPipeError,
  BufferTooShortError,
  DeadlockError,
  EndOfFileError,
  InvalidStateError,
  TimeoutError,
  UnshareableError,
} from "../../errors.ts";
import { encode } from "../../_core/codec.ts";
import { Connection, Pipe } from "../../process/mod.ts";
import { wait } from "../../pool/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Semaphore } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import * as tasks from "./pipe_tasks.ts";

const SCOPES = ["thread", "process"] as const;

for (const scope of SCOPES) {
  const options = { scope };
  const named = (name: string) => `Pipe({ scope: "${scope}" }) ${name}`;

  Deno.test(named("carries any value both ways, in order"), async () => {
    const [a, b] = Pipe(true, options);
    const messages = [1, -0, "text", "ä€😀", null, undefined, true, 10n ** 30n, {
      a: [1, { b: 2 }],
    }, [
      new Date(5),
      new Map([[1, new Set([2])]]),
    ], new RangeError("an error")];
    for (const message of messages) a.sendSync(message);
    for (const message of messages) assertEquals(b.recvSync(), message);
    for (const message of messages) await b.send(message);
    for (const message of messages) assertEquals(await a.recv(), message);
    a.close();
    b.close();
  });

  Deno.test(named("keeps the boundaries of messages of bytes, empty ones too"), async () => {
    const [a, b] = Pipe(true, options);
    for (const text of ["a", "", "bc", ""]) a.sendBytesSync(new TextEncoder().encode(text));
    assert(await b.poll());
    for (const text of ["a", "", "bc"]) {
      assertEquals(new TextDecoder().decode(await b.recvBytes()), text);
    }
    assert(b.pollSync());
    assert(b.pollSync());
    assertEquals(b.recvBytesSync(), new Uint8Array(0));
    assertEquals(b.pollSync(), false);
    a.close();
    b.close();
  });

  Deno.test(named("sends parts of bytes, and checks them"), async () => {
    const [a, b] = Pipe(true, options);
    const bytes = new Uint8Array([1, 2, 3, 4, 5]);
    a.sendBytesSync(bytes, { offset: 1, size: 3 });
    a.sendBytesSync(bytes, { offset: 5 });
    a.sendBytesSync(bytes.buffer);
    a.sendBytesSync(new Uint16Array([0x0201]));
    bytes.fill(9);
    assertEquals(b.recvBytesSync(), new Uint8Array([2, 3, 4]));
    assertEquals(b.recvBytesSync(), new Uint8Array(0));
    assertEquals(b.recvBytesSync(), new Uint8Array([1, 2, 3, 4, 5]));
    const last = b.recvBytesSync();
    assertEquals(last, new Uint8Array([1, 2]));
    assertEquals(last.buffer.byteLength, 2);
    for (
      const wrong of [{ offset: 6 }, { offset: -1 }, { offset: 2, size: 4 }, { size: -1 }, {
        offset: 0.5,
      }]
    ) assertThrows(() => a.sendBytesSync(bytes, wrong), RangeError);
    await assertRejects(() => a.sendBytes("text" as never), TypeError);
    a.close();
    b.close();
  });

  Deno.test(named("recvBytesInto() fills at an offset, and keeps what does not fit"), async () => {
    const [a, b] = Pipe(true, options);
    const room = new Uint8Array(6);
    a.sendBytesSync(new Uint8Array([1, 2, 3]));
    assertEquals(await b.recvBytesInto(room, { offset: 2 }), 3);
    assertEquals(room, new Uint8Array([0, 0, 1, 2, 3, 0]));
    a.sendBytesSync(new Uint8Array([7, 8, 9]));
    const error = assertThrows(() => b.recvBytesIntoSync(room, { offset: 4 }), BufferTooShortError);
    assertEquals(error.bytes, new Uint8Array([7, 8, 9]));
    for (const offset of [-1, 7]) {
      assertThrows(() => b.recvBytesIntoSync(room, { offset }), RangeError);
    }
    a.sendBytesSync(new Uint8Array(100));
    await assertRejects(() => b.recvBytes({ maxLength: 99 }), BufferTooShortError, "has 100");
    assertEquals(b.tryRecv(), null);
    a.close();
    b.close();
  });

  Deno.test(named("recvBytes() leaves a message that is a value to recv()"), async () => {
    const [a, b] = Pipe(true, options);
    a.sendSync({ a: 1 });
    assertThrows(() => b.recvBytesSync(), TypeError, "recv()");
    assert(await b.poll());
    assert((await wait([b], { timeout: 0 })).done.has(b));
    assertEquals(await b.recv(), { a: 1 });
    a.sendBytesSync(new Uint8Array([1]));
    assertEquals(b.recvSync(), new Uint8Array([1]));
    a.close();
    b.close();
  });

  Deno.test(named("one way: the first receives, the second sends"), async () => {
    const [receiver, sender] = Pipe<number>(false, options);
    assertEquals([receiver.readable, receiver.writable], [true, false]);
    assertEquals([sender.readable, sender.writable], [false, true]);
    assertThrows(() => receiver.sendSync(1), InvalidStateError, "only receives");
    assertThrows(() => sender.recvSync(), InvalidStateError, "only sends");
    assertThrows(() => sender.pollSync(), InvalidStateError, "only sends");
    await assertRejects(() => wait([sender]), InvalidStateError, "only sends");
    await sender.send(1);
    sender.close();
    assertEquals(await receiver.recv(), 1);
    assertThrows(() => receiver.recvSync(), EndOfFileError);
    receiver.close();
  });

  Deno.test(named("tells of the end when what was sent is received"), async () => {
    const [a, b] = Pipe(true, options);
    a.sendSync("last");
    a.close();
    assert(a.closed);
    assertThrows(() => a.sendSync(1), InvalidStateError, "closed");
    assertThrows(() => a.recvSync(), InvalidStateError, "closed");
    assertThrows(() => a.pollSync(), InvalidStateError, "closed");
    a.close();
    assertThrows(() => b.sendSync(1), BrokenPipeError);
    await assertRejects(() => b.sendBytes(new Uint8Array(1)), BrokenPipeError);
    assertEquals(b.recvSync(), "last");
    assert(await b.poll());
    assertThrows(() => b.recvSync(), EndOfFileError);
    assertThrows(() => b.tryRecv(), EndOfFileError);
    await assertRejects(() => b.recv(), EndOfFileError);
    b.close();
  });

  Deno.test(named("tells those who wait of the end"), async () => {
    const [a, b] = Pipe(true, options);
    const receiving = assertRejects(() => b.recv(), EndOfFileError);
    const polling = b.poll({ timeout: 60_000 });
    const iterating = (async () => {
      for await (const _ of b);
      return "over";
    })();
    a.close();
    await receiving;
    assertEquals(await polling, true);
    assertEquals(await iterating, "over");
    b.close();
  });

  Deno.test(named("close() ends the waits of its own thread"), async () => {
    const [a, b] = Pipe(true, options);
    const waits = [a.recv(), a.poll({ timeout: 60_000 })];
    const all = wait([a]);
    a.close();
    for (const result of await Promise.allSettled(waits)) {
      assertInstanceOf((result as PromiseRejectedResult).reason, InvalidStateError);
    }
    assert((await all).done.has(a));
    assertThrows(() => b.recvSync(), EndOfFileError);
    b.close();
  });

  Deno.test(named("waits no longer than it should"), async () => {
    const [a, b] = Pipe(true, options);
    assertEquals(await a.poll(), false);
    assertEquals(await a.poll({ timeout: 10 }), false);
    assertEquals(a.pollSync({ timeout: 10 }), false);
    assertThrows(() => a.pollSync({ timeout: -1 }), RangeError);
    assertThrows(() => a.recvSync({ timeout: 10 }), TimeoutError, "no message came for 10 ms");
    await assertRejects(() => a.recv({ timeout: 10 }), TimeoutError);
    await assertRejects(() => a.recv({ timeout: 0 }), TimeoutError);
    const reason = new Error("enough");
    const controller = new AbortController();
    const receiving = a.recv({ signal: controller.signal });
    controller.abort(reason);
    assertEquals(await receiving.catch((error) => error), reason);
    b.sendSync(1);
    assertEquals(await a.recv(), 1);
    a.close();
    b.close();
  });

  Deno.test(named("blocks nobody for ever who alone could send"), () => {
    const [a, b] = Pipe(true, options);
    assertThrows(() => a.recvSync(), DeadlockError, "only this thread");
    assertThrows(() => a.pollSync({ timeout: Infinity }), DeadlockError);
    a.close();
    b.close();
  });

  Deno.test(named("lets the sender wait while much is on its way"), async () => {
    const [a, b] = Pipe(true, options);
    const message = new Uint8Array(64 * 1024);
    let sent = 0;
    try {
      for (;; sent++) await a.sendBytes(message, { timeout: 20 });
    } catch (error) {
      assertInstanceOf(error, TimeoutError);
    }
    assert(8 <= sent && sent <= 64, `${sent}`);
    assertThrows(() => a.sendSync("small", { timeout: 10 }), TimeoutError, "no room for 10 ms");
    const sending = a.sendBytes(new Uint8Array(16 * 1024 * 1024).fill(7));
    for (let i = 0; i < sent; i++) assertEquals((await b.recvBytes()).length, message.length);
    await sending;
    const large = await b.recvBytes();
    assertEquals([large.length, large[0], large.at(-1)], [16 * 1024 * 1024, 7, 7]);
    for (let i = 0; i < 2000; i++) a.sendSync(i);
    for (let i = 0; i < 2000; i++) assertEquals(b.recvSync(), i);
    a.close();
    b.close();
  });

  Deno.test(named("a blocked sender learns that the other end was closed"), async () => {
    const [a, b] = Pipe(true, options);
    const message = new Uint8Array(2 ** 20);
    await a.sendBytes(message);
    const sending = assertRejects(() => a.sendBytes(message), BrokenPipeError);
    b.close();
    await sending;
    a.close();
  });

  Deno.test(named("connects threads, blocking and not"), async () => {
    for (const target of [tasks.echo, tasks.echoAsync]) {
      const [here, there] = Pipe<number>(true, options);
      const thread = new Thread<[Connection], unknown>({ target, args: [there] }).start();
      there.close();
      for (let i = 0; i < 100; i++) {
        here.sendSync(i);
        assertEquals(here.recvSync(), i);
      }
      here.close();
      assertEquals(await thread.join(), target === tasks.echo ? [100, "EndOfFileError"] : 100);
    }
  });

  Deno.test(named("a thread that ends closes what it had"), async () => {
    const [here, there] = Pipe<number>(true, options);
    const args: [Connection<never, number>, number] = [there as Connection<never, number>, 3];
    const thread = new Thread({ target: tasks.sendNumbers, args }).start();
    there.close();
    const received: number[] = [];
    for await (const n of here) received.push(n);
    assertEquals(received, [0, 1, 2]);
    await thread.join();
    here.close();

    const [one, two] = Pipe<unknown>(true, options);
    const failing = new Thread({ target: tasks.fail, args: [two] }).start();
    two.close();
    assertEquals(one.recvSync(), "about to fail");
    assertThrows(() => one.recvSync(), EndOfFileError);
    await assertRejects(() => failing.join(), TypeError);
    one.close();
  });

  Deno.test(
    named("an end stays open while it is on its way, and as long as anybody has it"),
    async () => {
      const [here, there] = Pipe<string>(true, options);
      const queue = new Queue<Connection<never, string>>(0, options);
      const go = new Event(options);
      await queue.put(there as Connection<never, string>);
      there.close();
      assertEquals(await here.poll(), false);
      const thread = new Thread({ target: tasks.takeAndAnswer, args: [queue, go] }).start();
      assertEquals(await here.poll(), false);
      go.set();
      assertEquals(await here.recv(), "answer");
      await assertRejects(() => here.recv(), EndOfFileError);
      await thread.join();
      here.close();
    },
  );

  Deno.test(named("an end that was given to two is closed by the last"), async () => {
    const [here, there] = Pipe<string>(true, options);
    const closed = new Event(options);
    const go = new Semaphore(0, options);
    const args: [Connection<unknown>, Event, Semaphore] = [
      there as Connection<unknown>,
      closed,
      go,
    ];
    const thread = new Thread({ target: tasks.closeAndWait, args }).start();
    await closed.wait();
    assertEquals(await here.poll(), false);
    there.sendSync("still open");
    there.close();
    assertEquals(await here.recv(), "still open");
    await assertRejects(() => here.recv(), EndOfFileError);
    go.release();
    await thread.join();
    here.close();
  });

  Deno.test(named("a connection comes back as the result of a thread"), async () => {
    const [here, there] = Pipe<string>(true, options);
    const thread = new Thread({ target: tasks.giveBack, args: [there] }).start();
    there.close();
    const back = await thread.join();
    assertInstanceOf(back, Connection);
    back.sendSync("hello");
    assertEquals(here.recvSync(), "hello");
    back.close();
    assertThrows(() => here.recvSync(), EndOfFileError);
    here.close();
  });

  Deno.test(named("connections travel through connections"), async () => {
    const [a, b] = Pipe(true, options);
    const [c, d] = Pipe<string>(true, options);
    await a.send({ deep: [d] });
    d.close();
    const { deep: [other] } = await b.recv() as { deep: [Connection<string>] };
    other.sendSync("through");
    assertEquals(c.recvSync(), "through");
    other.close();
    for (const connection of [a, b, c]) connection.close();
  });

  Deno.test(named("wait() gives all that are ready, those at their end too"), async () => {
    const pipes = [1, 2, 3].map(() => Pipe(true, options));
    const [[a, toA], [b, toB], [c, toC]] = pipes as [
      [Connection, Connection],
      [Connection, Connection],
      [Connection, Connection],
    ];
    assertEquals((await wait([a, b, c], { timeout: 10 })).done.size, 0);
    toA.sendSync(1);
    toB.close();
    const { done, notDone } = await wait([a, b, c], { returnWhen: "FIRST_COMPLETED" });
    assertEquals([[...done], [...notDone]], [[a, b], [c]]);
    const waiting = wait([c], { timeout: 60_000 });
    toC.sendSync(2);
    assert((await waiting).done.has(c));
    assertEquals(await c.recv(), 2);
    for (const connection of pipes.flat()) connection.close();
  });
}

Deno.test("a Pipe leaves no memory behind", async () => {
  const heapUsed = async (): Promise<number> => {
    const { agentOf } = await import("../../_core/agent.ts");
    let pages = 0;
    agentOf("thread").arena.heap.forEachPage(() => pages++);
    return pages;
  };
  const round = async (): Promise<void> => {
    const [here, there] = Pipe<unknown>(true, { scope: "thread" });
    const thread = new Thread({ target: tasks.echo, args: [there] }).start();
    there.close();
    here.sendSync(new Uint8Array(10_000));
    here.recvSync();
    for (let i = 0; i < 100; i++) here.sendSync(i);
    here.close();
    await thread.join();
  };
  for (let i = 0; i < 5; i++) await round();
  const before = await heapUsed();
  for (let i = 0; i < 20; i++) await round();
  assert(await heapUsed() <= before + 20, `${before} ${await heapUsed()}`);
});

Deno.test("Pipe() of scope local holds values by reference", async () => {
  const [a, b] = Pipe<() => number>(true, { scope: "local" });
  const value = () => 5;
  await a.send(value);
  assertEquals(await b.recv() === value, true);
  assertThrows(() => encode(a, "thread"), UnshareableError, "local");
  assertThrows(() => b.recvSync(), DeadlockError);
  a.close();
  await assertRejects(() => b.recv(), EndOfFileError);
  b.close();
});

Deno.test("Pipe() refuses what makes no sense", () => {
  assertThrows(() => Pipe(1 as never), TypeError, "'duplex'");
  assertThrows(() => Pipe(true, { scope: "galaxy" as never }), TypeError, "'scope'");
  assertThrows(() => new Connection(), TypeError, "Pipe()");
  const [a, b] = Pipe(true, { scope: "thread" });
  assertThrows(() => encode(a, "process"), UnshareableError, '{ scope: "process" }');
  assertThrows(() => a.sendSync(Symbol("x") as never), UnshareableError);
  assertThrows(() => a.sendSync(1, 5 as never), TypeError);
  a.close();
  assertThrows(() => encode(a, "thread"), InvalidStateError, "closed");
  b.close();
});
