import { assertEquals } from "@std/assert";
import { Spent } from "../../_core/spent.ts";

Deno.test("Spent agrees with a plain set, in whatever order numbers are spent", () => {
  let state = 7;
  const random = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor(state / 2 ** 31 * below);
  };
  for (let round = 0; round < 200; round++) {
    const spent = new Spent();
    const plain = new Set<number>();
    let last = 0;
    for (let i = 0; i < 100; i++) {
      if (random(2) === 0) last++;
      if (random(3) > 0) {
        const n = 1 + random(last + 1);
        last = Math.max(last, n);
        assertEquals(spent.add(n), !plain.has(n));
        plain.add(n);
      } else {
        let count = random(4);
        spent.addSmallest(count, last);
        for (let n = 1; n <= last && count > 0; n++) {
          if (plain.has(n)) continue;
          plain.add(n);
          count--;
        }
      }
    }
    for (let n = 1; n <= last + 1; n++) assertEquals(spent.add(n), !plain.has(n));
  }
});
