import { assert, assertEquals } from "@std/assert";
import { Value } from "../../process/mod.ts";
import { LifoQueue, PriorityQueue, Queue } from "../../queue/mod.ts";
import { drain } from "../conformance/queue_support.ts";
import { COLOURS, entries, turn, until } from "../conformance/support.ts";
import { withRelatives } from "./family_driver.ts";

const scope = "process";

/** Milliseconds after which something counts as hanging. */
const LIMIT = { timeout: 60_000 };

const QUEUES: readonly (readonly [string, (maxsize: number) => Queue<unknown>])[] = [
  ["Queue", (maxsize) => new Queue(maxsize, { scope })],
  ["LifoQueue", (maxsize) => new LifoQueue(maxsize, { scope })],
  ["PriorityQueue", (maxsize) => new PriorityQueue(maxsize, { scope })],
];

for (const colour of COLOURS) {
  Deno.test(`Queue has what a killed producer has put, each item once [${colour}]`, async () => {
    await withRelatives(async (start) => {
      for (let round = 0; round < 4; round++) {
        const queue = new Queue<unknown>(round % 2 === 0 ? 0 : 50, { scope });
        const count = new Value("i", 0, { scope });
        const victim = start("putForEver", [queue, colour, count], { reported: round > 1 });
        const got: unknown[] = [];
        while (count.value < 150 * (round + 1)) {
          const found = queue.tryGet();
          if (found === null) await turn();
          else got.push(found.value);
        }
        await victim.kill();
        got.push(...drain(queue));
        assertEquals(got, Array.from({ length: got.length }, (_, i) => [i + 1, "item"]));
        assert(got.length === count.value || got.length === count.value + 1);
      }
    });
  });

  Deno.test(`Queue loses nothing that a killed consumer had not got [${colour}]`, async () => {
    await withRelatives(async (start) => {
      for (let round = 0; round < 4; round++) {
        const queue = new Queue<[number, string]>(0, { scope });
        const last = new Value("i", 0, { scope });
        const victim = start("getForEver", [queue, colour, last], { reported: round > 1 });
        let n = 0;
        while (last.value < 150 * (round + 1)) {
          for (let i = 0; i < 50; i++) queue.putSync([++n, "item"]);
          await turn();
        }
        victim.strike();
        for (let i = 0; i < 50; i++) queue.putSync([++n, "item"]);
        await victim.ended();
        // What it was about to get comes back when its death is known.
        const rest: number[] = [];
        while (rest.at(-1) !== n) rest.push((await queue.get(LIMIT))[0]);
        await until(() => queue.empty() || rest.push(queue.getNowait()[0]) < 0, "the rest");
        rest.sort((a, b) => a - b);
        const first = rest[0] as number;
        assertEquals(rest, Array.from({ length: n - first + 1 }, (_, i) => first + i));
        assert(first === last.value + 1 || first === last.value + 2, `${first}, ${last.value}`);
      }
    });
  });
}

for (const [name, make] of QUEUES) {
  Deno.test(`${name} stays whole when processes that put and get are killed`, async () => {
    await withRelatives(async (start) => {
      const queue = make(3);
      const value = new Value("i", 0, { scope });
      for (let round = 0; round < 2; round++) {
        const victims = [
          ...COLOURS.map((colour) => start("putForEver", [queue, colour, value])),
          ...COLOURS.map((colour) => start("getForEver", [queue, colour, value])),
        ];
        for (const victim of victims) await victim.heard("entered");
        for (let i = 0; i < 10 * round; i++) await turn();
        await Promise.all(victims.map((victim) => victim.kill()));
        for (const item of drain(queue)) assertEquals((item as unknown[]).length, 2);
        await queue.put([round, "mine"], LIMIT);
        assertEquals(await queue.get(LIMIT), [round, "mine"]);
        await until(() => entries(scope) === 0, "the end of all entries");
      }
    });
  });
}

Deno.test("Value under its lock stays exact when a process that changes it is killed", async () => {
  await withRelatives(async (start) => {
    const value = new Value("i", 0, { scope });
    const victim = start("increment", [value, 10_000_000], { reported: false });
    await until(() => value.value > 1000, "some increments");
    victim.strike();
    const guard = await value.getLock().acquire({ ...LIMIT, recover: true });
    const seen = value.value;
    guard.release();
    await start("increment", [value, 1000]).result();
    assertEquals(value.value, seen + 1000);
  });
});

Deno.test("Process scope outlives the process that made an object", async () => {
  await withRelatives(async (start) => {
    const value = await start("makeValue", [41]).result() as Value<"i">;
    assertEquals(value.add(1), 41);
    const again = await start("makeValue", [7]).result() as Value<"i">;
    assertEquals([value.value, again.value], [42, 7]);
  });
});
