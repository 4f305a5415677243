import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { agentOf } from "../../_core/agent.ts";
import { BrokenPipeError, EndOfFileError, WorkerLostError } from "../../errors.ts";
import { type Connection, Pipe, Process } from "../../process/mod.ts";
import { asCompleted, wait } from "../../pool/mod.ts";
import { until } from "../conformance/support.ts";
import * as tasks from "./pipe_tasks.ts";

Deno.test("Pipe connects processes, blocking and not", async () => {
  const [here, there] = Pipe<unknown>();
  const child = new Process({ target: tasks.echo, args: [there] }).start();
  there.close();
  for (let i = 0; i < 1000; i++) {
    here.sendSync(i);
    assertEquals(here.recvSync(), i);
  }
  for (let i = 0; i < 100; i++) {
    await here.send({ i });
    assertEquals(await here.recv(), { i });
  }
  for (let i = 0; i < 3000; i++) here.sendSync(i);
  for (let i = 0; i < 3000; i++) assertEquals(here.recvSync(), i);
  here.close();
  assertEquals(await child.join(), [4100, "EndOfFileError"]);
});

Deno.test("sendBytes() carries 16 MiB to a process and back", async () => {
  const [here, there] = Pipe();
  const child = new Process({ target: tasks.echoBytes, args: [there] }).start();
  there.close();
  const bytes = new Uint8Array(16 * 1024 * 1024);
  for (let i = 0; i < bytes.length; i += 4096) bytes[i] = i / 4096;
  await here.sendBytes(bytes);
  const back = await here.recvBytes();
  assert(back.length === bytes.length && back.every((byte, i) => byte === bytes[i]));
  await here.sendBytes(new Uint8Array(0));
  await child.join();
  assertThrows(() => here.recvSync(), EndOfFileError);
  here.close();
});

for (const colour of ["promise", "blocking"] as const) {
  Deno.test(`a process that is killed closes its end, ${colour}`, async () => {
    const [here, there] = Pipe<unknown>();
    const child = new Process({ target: tasks.hang, args: [there] }).start();
    there.close();
    assertEquals(here.recvSync(), "ready");
    const waiting = wait([here], { timeout: 60_000 });
    child.kill();
    if (colour === "promise") await assertRejects(() => here.recv(), EndOfFileError);
    else assertThrows(() => here.recvSync(), EndOfFileError);
    assertThrows(() => here.sendSync(1), BrokenPipeError);
    assert((await waiting).done.has(here));
    await assertRejects(() => child.join(), WorkerLostError, "SIGKILL");
    here.close();
  });
}

Deno.test("a sender that is killed while it sends has sent each message or not", async () => {
  const [here, there] = Pipe<number>(false);
  const args: [Connection<never, number>, number] = [there as Connection<never, number>, 1e9];
  const child = new Process({ target: tasks.sendNumbers, args }).start();
  there.close();
  let next = 0;
  for (; next < 5000; next++) assertEquals(here.recvSync(), next);
  child.kill();
  for await (const n of here) assertEquals(n, next++);
  await assertRejects(() => child.join(), WorkerLostError);
  here.close();
});

Deno.test("wherever a process is killed, its pipes end, and nothing of them is left", async () => {
  const pages = (): number => {
    let count = 0;
    agentOf("process").arena.heap.forEachPage(() => count++);
    return count;
  };
  let before = 0;
  for (let round = 0; round < 8; round++) {
    const [here, there] = Pipe<number>(false);
    const [line, other] = Pipe<Connection<unknown>>();
    const child = new Process({
      target: tasks.churn,
      args: [there as Connection<never, number>, other as Connection<Connection<unknown>>],
    }).start();
    there.close();
    other.close();
    assertEquals(here.recvSync(), 0);
    const end = performance.now() + round * 7;
    let next = 1;
    const step = async (): Promise<void> => {
      const given = await line.recv();
      await given.recv().catch((error) => assertInstanceOf(error, EndOfFileError));
      given.close();
    };
    while (performance.now() < end) await step();
    child.kill();
    await (async () => {
      for (;;) await step();
    })().catch((error) => assertInstanceOf(error, EndOfFileError));
    for await (const n of here) assertEquals(n, next++);
    await assertRejects(() => child.join(), WorkerLostError);
    here.close();
    line.close();
    if (round === 0) before = pages();
  }
  await until(() => pages() <= before + 10, `the memory: ${before} pages, and then ${pages()}`);
});

Deno.test("a connection goes through a process that has ended by then", async () => {
  type Message = { deep: [{ other: Connection<unknown, string> }] };
  const [line, lineThere] = Pipe<Message, "arrived">();
  const [here, there] = Pipe<string>();
  const child = new Process({
    target: tasks.passOn,
    args: [lineThere as Connection<"arrived", unknown>, there as Connection<never, string>],
  }).start();
  lineThere.close();
  there.close();
  const { deep: [{ other }] } = await line.recv();
  await line.send("arrived");
  assertEquals(await here.recv(), "from the middle");
  await child.join();
  other.sendSync("from here");
  assertEquals(here.recvSync(), "from here");
  other.close();
  assertThrows(() => here.recvSync(), EndOfFileError);
  here.close();
  line.close();
});

Deno.test("wait() sees connections and sentinels together", async () => {
  const [here, there] = Pipe<unknown>();
  const [quiet, other] = Pipe<unknown>();
  const child = new Process({ target: tasks.hang, args: [there] }).start();
  there.close();
  const { sentinel } = child;
  const first = await wait([quiet, sentinel, here], { returnWhen: "FIRST_COMPLETED" });
  assertEquals([...first.done], [here]);
  assertEquals(await here.recv(), "ready");
  child.terminate();
  const second = await wait([quiet, sentinel], { returnWhen: "FIRST_COMPLETED" });
  assertEquals([...second.done], [sentinel]);
  const seen = [];
  for await (const one of asCompleted([here, sentinel, quiet], { count: 2 })) seen.push(one);
  assertEquals(new Set<unknown>(seen), new Set<unknown>([here, sentinel]));
  await assertRejects(() => child.join(), WorkerLostError);
  for (const connection of [here, quiet, other]) connection.close();
});

Deno.test("a process that fails closes its end, and its error arrives", async () => {
  const [here, there] = Pipe<unknown>();
  const child = new Process({ target: tasks.fail, args: [there] }).start();
  there.close();
  assertEquals(await here.recv(), "about to fail");
  await assertRejects(() => here.recv(), EndOfFileError);
  const error = await child.join().catch((error) => error);
  assertInstanceOf(error, TypeError);
  here.close();
});
