import { assert, assertEquals } from "@std/assert";
import { Doorbell } from "../../_core/doorbell.ts";
import { BELL_PARKED } from "../../_core/layout.ts";
import { ThreadWords } from "../../_core/shared_words.ts";
import { until } from "../conformance/support.ts";

const RUNG = 1;

/** Words on which an agent may nap, and that say how it does. */
class NapWords extends ThreadWords {
  naps = 0;
  /** Waits that nothing but a notification ends. */
  waits = 0;
  onNap: () => void = () => {};
  readonly #parks: boolean;

  constructor(parks = true) {
    super(new Int32Array(new SharedArrayBuffer(64)));
    this.#parks = parks;
  }

  override get parks(): boolean {
    return this.#parks;
  }

  override park(index: number, value: number): void {
    this.naps++;
    assertEquals([value, this.load(index)], [BELL_PARKED, BELL_PARKED]);
    this.onNap();
  }

  override waitAsync(index: number, value: number): Promise<unknown> | null {
    this.waits++;
    return super.waitAsync(index, value);
  }
}

/** Listens until it was rung. */
async function waitOnce(words: NapWords, bell: Doorbell, isRung: () => boolean): Promise<void> {
  const { waits } = words;
  bell.listen();
  await until(() => isRung() || words.waits > waits, "a wait");
}

function makeBell(words: NapWords): { bell: Doorbell; rings: () => number; rest: () => void } {
  let [rings, wanted] = [0, true];
  const bell = new Doorbell(words, 0, () => wanted, () => {
    bell.clear();
    rings++;
    wanted = false;
  });
  return {
    bell,
    rings: () => rings,
    rest: () => {
      wanted = true;
    },
  };
}

Deno.test("Doorbell naps while the event loop has nothing else to do, and hears what ends the nap", async () => {
  const words = new NapWords();
  const { bell, rings, rest } = makeBell(words);
  words.onNap = () => words.store(0, RUNG);
  // On a busy machine most turns take long, and then there is no nap.
  for (let round = 1; round <= 500 && words.naps < 3; round++) {
    const { naps, waits } = words;
    await waitOnce(words, bell, () => rings() === round);
    assertEquals([words.naps - naps, words.waits - waits].toSorted(), [0, 1]);
    if (words.naps === naps) {
      words.store(0, RUNG);
      words.notify(0, 1);
    }
    await until(() => rings() === round, "the ring");
    rest();
  }
  assertEquals(words.naps, 3);
});

Deno.test("Doorbell naps less and less often in vain", async () => {
  const words = new NapWords();
  const { bell, rings, rest } = makeBell(words);
  for (let round = 1; round <= 60; round++) {
    await waitOnce(words, bell, () => false);
    words.store(0, RUNG);
    words.notify(0, 1);
    await until(() => rings() === round, "the ring");
    rest();
  }
  assert(words.naps <= 6, `${words.naps} naps in 60 waits`);
  assertEquals(words.waits, 60);
});

Deno.test("Doorbell never naps on words of one process", async () => {
  const words = new NapWords(false);
  const { bell, rings } = makeBell(words);
  await waitOnce(words, bell, () => false);
  words.store(0, RUNG);
  words.notify(0, 1);
  await until(() => rings() === 1, "the ring");
  assertEquals(words.naps, 0);
});
