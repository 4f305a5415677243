/** What gevent's tests demand of the trees of greenlets, and of those who are told of their start. */

import {
  assertEquals,
  assertMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  assertSwitches,
  createTask,
  formatRunInfo,
  Greenlet,
  GreenletPool,
  GreenletTree,
  hub,
  joinAll,
  printRunInfo,
  sleep,
  spawn,
  spawnLater,
} from "../../coroutine/mod.ts";
import { Event } from "../../sync/mod.ts";
import { capturePrinted } from "../pool/wait_support.ts";
import { InvalidStateError } from "../../errors.ts";
import { FOREVER } from "./asyncio_support.ts";
import { type BodyKind, thrown } from "./gevent_support.ts";

const MINUTE = 60_000;

let offset = 0;

/** Lets time pass on the clock of the hub, as if code had run for so long, whatever else the machine does. */
function passTime(milliseconds: number): void {
  if (offset === 0) {
    const now = performance.now.bind(performance);
    performance.now = () => now() + offset;
  }
  offset += milliseconds;
}

/** Registers the tests for one kind of functions. */
export function geventTreeConformance({ name: kind, of }: BodyKind): void {
  const test = (name: string, fn: () => void | Promise<void>): void =>
    Deno.test(`${name} [${kind}]`, fn);
  const sleeper = of(function* (ms: number) {
    yield sleep(ms);
    return ms;
  });

  test("V13 Greenlet.spawnTreeLocals are shared by those that a greenlet has made", async () => {
    const seen: unknown[] = [];
    const leaf = of(function* () {
      yield sleep(0);
      seen.push(hub.current?.spawnTreeLocals.user);
    });
    const branch = of(function* () {
      const one = spawn(leaf);
      yield sleep(0);
      yield joinAll([one, createTask(leaf), new Greenlet(leaf).startLater(1)]);
    });
    const root = of(function* (user: string) {
      const child = spawn(branch);
      (hub.current as Greenlet<unknown>).spawnTreeLocals.user = user;
      yield child;
      assertStrictEquals(child.spawnTreeLocals, hub.current?.spawnTreeLocals);
    });
    const ada = spawn(root, "Ada");
    const bob = spawn(root, "Bob");
    await Promise.all([ada.get(), bob.get()]);
    assertEquals(seen.sort(), ["Ada", "Ada", "Ada", "Bob", "Bob", "Bob"]);
    assertNotStrictEquals(ada.spawnTreeLocals, bob.spawnTreeLocals);
    assertEquals([ada.spawnTreeLocals, bob.spawnTreeLocals], [{ user: "Ada" }, { user: "Bob" }]);
    assertEquals(spawn(sleeper, 0).spawnTreeLocals, {});
  });

  test("V13 Greenlet.spawnTreeLocals outlive the first of the tree", async () => {
    const last = await spawn(of(function* () {
      (hub.current as Greenlet<unknown>).spawnTreeLocals.depth = 2;
      yield sleep(0);
      return [new Greenlet(sleeper, 0)];
    }));
    assertEquals((last[0] as Greenlet<unknown>).spawnTreeLocals, { depth: 2 });
  });

  test("V13 Greenlet.spawningGreenlet() is the one that has made it, until that has ended", async () => {
    const made: Greenlet<unknown>[] = [];
    const maker = spawn(of(function* () {
      made.push(spawn(sleeper, 0), spawnLater(1, sleeper, 0), createTask(sleeper, 0));
      const late = new Greenlet(sleeper, 0);
      made.push(late);
      yield spawn(() => void late.start());
      made.push(...(yield spawn(() => [new Greenlet(sleeper, 0)])) as Greenlet<unknown>[]);
      assertEquals(made.slice(0, 4).map((one) => one.spawningGreenlet()), [
        hub.current,
        hub.current,
        hub.current,
        hub.current,
      ]);
      yield joinAll(made.slice(0, 4));
    }));
    assertEquals(maker.spawningGreenlet(), null);
    await maker;
    assertEquals(made.map((one) => one.spawningGreenlet()), [null, null, null, null, null]);
    assertEquals(made.length, 5);
  });

  test("V14 Greenlet.addSpawnCallback() is told of every greenlet that is started, once", async () => {
    const told: unknown[] = [];
    const tell = (greenlet: Greenlet<unknown>): void => {
      told.push(greenlet, greenlet.started);
    };
    Greenlet.addSpawnCallback(tell);
    Greenlet.addSpawnCallback(tell);
    const pool = new GreenletPool(1);
    const all: Greenlet<unknown>[] = [
      spawn(sleeper, 0),
      spawnLater(1, sleeper, 0),
      new Greenlet(sleeper, 0).start(),
      createTask(sleeper, 0),
      pool.spawn(sleeper, 1),
    ];
    const expected = all.flatMap((greenlet) => [greenlet, false]);
    assertEquals(told, expected);
    all.forEach((greenlet) => void greenlet.start());
    const waiting = pool.spawn(sleeper, 0);
    assertEquals(told, expected);
    await joinAll([...all, waiting]);
    Greenlet.removeSpawnCallback(tell);
    await spawn(sleeper, 0);
    assertEquals(told, [...expected, waiting, false]);
  });

  test("V14 a spawn callback may throw, kill the greenlet, and take itself out", async () => {
    const error = new Error("no");
    const fail = (): void => {
      throw error;
    };
    const kill = (greenlet: Greenlet<unknown>): void => {
      Greenlet.removeSpawnCallback(kill);
      void greenlet.kill();
    };
    Greenlet.addSpawnCallback(fail);
    Greenlet.addSpawnCallback(kill);
    try {
      const greenlets: Greenlet<unknown>[] = [];
      const text = capturePrinted(() => {
        greenlets.push(spawn(sleeper, 1), spawn(sleeper, 1));
      });
      assertEquals(greenlets.map(({ dead }) => dead), [true, false]);
      assertEquals(text.match(/Exception ignored in a spawn callback:\nError: no/g)?.length, 2);
      assertEquals(await greenlets[1]?.get(), 1);
    } finally {
      Greenlet.removeSpawnCallback(fail);
    }
    for (const wrong of [undefined, null, 1, {}]) {
      assertThrows(() => Greenlet.addSpawnCallback(wrong as never), TypeError, "'callback'");
    }
  });

  test("V47 GreenletTree.format() shows who has made whom, and what they wait for", async () => {
    const event = new Event({ scope: "local" });
    const child = of(function* () {
      yield event.wait();
    });
    let fromInside = "";
    const parent = spawn(of(function* () {
      const { spawnTreeLocals } = hub.current as Greenlet<unknown>;
      Object.assign(spawnTreeLocals, { user: "Ada", n: NaN, fn: sleeper, big: 1n });
      Object.assign(spawnTreeLocals, {
        long: "x".repeat(200),
        list: [1, { a: 2 }],
        none: undefined,
      });
      Object.defineProperty(spawnTreeLocals, "bad", {
        enumerable: true,
        get() {
          throw new RangeError("no");
        },
      });
      spawn(of(function* () {
        spawn(child).name = "grandchild";
        yield event.wait();
      })).name = "first";
      spawn(child).name = "second";
      yield sleep(0);
      const tree = GreenletTree.currentTree() as GreenletTree;
      assertStrictEquals(tree.greenlet, hub.current);
      assertEquals(tree.childTrees.map(({ greenlet }) => greenlet.name), ["first", "second"]);
      assertEquals(tree.childTrees.map(({ isCurrentTree }) => isCurrentTree), [false, false]);
      fromInside = tree.format();
      yield sleep(FOREVER);
    }));
    parent.name = "parent";
    for (let i = 0; i < 9; i++) await sleep(0);
    const details = [
      `user = "Ada"`,
      "n = NaN",
      `fn = function ${sleeper.name}`,
      "big = 1n",
      `long = "${"x".repeat(79)}…`,
      `list = [1,{"a":2}]`,
      "none = undefined",
      "bad = (RangeError: no)",
    ];
    const lines = [
      `<parent running> waits for sleep(${FOREVER})`,
      ...details.map((detail) => `:   ${detail}`),
      "+-- <first running> waits for Event.wait()",
      "|   +-- <grandchild running> waits for Event.wait()",
      "+-- <second running> waits for Event.wait()",
    ];
    const own = GreenletTree.forest().find(({ greenlet }) => greenlet === parent) as GreenletTree;
    const withoutPlaces = (text: string): string[] =>
      text.split("\n").filter((line) => !/^[ :|]*(spawned$|at )/.test(line));
    assertEquals(withoutPlaces(own.format()), lines);
    assertEquals([own.isCurrentTree, GreenletTree.currentTree()], [false, null]);
    assertEquals(withoutPlaces(fromInside)[0], "<parent current>");
    // The watchdog of these tests knows where they were spawned.
    assertMatch(own.format(), /\n: +spawned\n: +at .*gevent_tree_conformance/);
    assertEquals(withoutPlaces(formatRunInfo()).join("\n").includes(lines.join("\n")), true);
    assertStringIncludes(capturePrinted(printRunInfo), String(own));
    await parent.kill();
    const orphans = GreenletTree.forest().map(({ greenlet }) => greenlet.name);
    assertEquals(["first", "second"].map((name) => orphans.includes(name)), [true, true]);
    event.set();
    await hub.join();
    assertEquals(GreenletTree.forest(), []);
  });

  test("V47 GreenletTree.format() of very many is cut, and takes no stack", async () => {
    const event = new Event({ scope: "local" });
    let left = 1200;
    const deep = of(function* (): Generator<unknown, void> {
      if (--left > 0) spawn(deep);
      yield event.wait();
    });
    const root = spawn(deep);
    while (left > 0) await sleep(0);
    const tree = GreenletTree.forest().find(({ greenlet }) => greenlet === root) as GreenletTree;
    const lines = tree.formatLines().filter((line) => line.includes("Greenlet-"));
    assertEquals([lines.length, tree.formatLines().at(-1)], [1000, "and 200 more"]);
    event.set();
    await hub.join();
  });

  test("V46 assertSwitches() demands that a function lets others run", async () => {
    const error = new Error("no");
    const failing = of(function* () {
      yield sleep(0);
      throw error;
    });
    const pausing = of(function* () {
      yield sleep(0);
      return "fine";
    });
    assertEquals(await assertSwitches(pausing), "fine");
    assertStrictEquals(await thrown(assertSwitches(failing)), error);
    function* never(): Generator<unknown, void> {
      yield* [];
    }
    for (const wrong of [never, () => 1, async () => {}]) {
      await assertRejects(
        () => assertSwitches(wrong as () => unknown),
        InvalidStateError,
        "has never let others",
      );
    }
    function named(): void {}
    await assertRejects(() => assertSwitches(named), InvalidStateError, "go on: 'named' has");
    // In a greenlet, too, and interrupted with it.
    assertEquals(await spawn(() => assertSwitches(pausing)), "fine");
    let inner: Greenlet<unknown> | null = null;
    const outer = createTask(() =>
      assertSwitches(of(function* () {
        inner = hub.current;
        yield sleep(FOREVER);
      }))
    );
    while (inner === null) await sleep(0);
    outer.cancel();
    await outer.join();
    await (inner as Greenlet<unknown>).join();
  });

  test("V46 assertSwitches() demands that a function keeps nobody waiting for long", async () => {
    const places = {
      before: of(function* () {
        passTime(MINUTE);
        yield sleep(1);
      }),
      after: of(function* () {
        yield new Promise((resolve) => setTimeout(resolve, 1));
        passTime(MINUTE);
      }),
    };
    for (const slow of Object.values(places)) {
      await assertRejects(
        () => assertSwitches(slow, { maxBlockingTime: MINUTE / 2 }),
        InvalidStateError,
        `ms, more than ${MINUTE / 2} ms`,
      );
      await assertSwitches(slow, { maxBlockingTime: 3 * MINUTE });
    }
    // What others do is not its fault.
    const other = spawn(of(function* () {
      yield sleep(1);
      passTime(MINUTE);
    }));
    await assertSwitches(() => other.join(), { maxBlockingTime: MINUTE / 2 });
    await assertRejects(() => assertSwitches(1 as never), TypeError, "'fn'");
    await assertRejects(
      () => assertSwitches(() => {}, { maxBlockingTime: 0 }),
      RangeError,
      "'maxBlockingTime'",
    );
    await assertRejects(
      () => assertSwitches(() => {}, { maxBlockingTime: "1" as never }),
      TypeError,
      "'maxBlockingTime'",
    );
  });

  test("Greenlet.minimalIdent is the smallest number that no living greenlet has", async () => {
    const greenlets = [1, 2, 3, 4, 5].map(() => spawn(sleeper, Infinity));
    const of = (some: Greenlet<unknown>[]): number[] => some.map((one) => one.minimalIdent);
    const first = of(greenlets);
    const [one, , three, four] = greenlets as [never, never, never, never];
    assertEquals(of(greenlets), first);
    assertEquals(new Set(first).size, 5);
    const ended: Greenlet<unknown>[] = [four, one, three];
    for (const greenlet of ended) await greenlet.kill();
    const next = [1, 2, 3].map(() => spawn(sleeper, Infinity));
    assertEquals(of(next), of(ended).sort((a, b) => a - b));
    assertEquals(of(ended).sort((a, b) => a - b), of(next));
    for (const greenlet of [...greenlets, ...next]) await greenlet.kill();
    assertEquals(spawn(sleeper, 0).minimalIdent, Math.min(...first));
  });

  test("Greenlet.unlinkAll() takes all links back, and nobody's wait", async () => {
    const log: string[] = [];
    const greenlet = spawn(sleeper, 1);
    const joined = greenlet.join();
    greenlet.link(() => log.push("link"));
    greenlet.linkValue(() => log.push("linkValue"));
    assertEquals(greenlet.hasLinks(), 3);
    greenlet.unlinkAll();
    assertEquals(greenlet.hasLinks(), 1);
    greenlet.link(() => log.push("later"));
    await joined;
    await sleep(0);
    assertEquals(log, ["later"]);
    greenlet.unlinkAll();
  });
}
