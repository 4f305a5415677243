import { assertEquals } from "@std/assert";
import { type Alarm, AlarmHeap } from "../../coroutine/alarm_heap.ts";

/** A generator of random numbers that can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

Deno.test("AlarmHeap gives what is due, by time and then by the order of setting", () => {
  const heap = new AlarmHeap<string>();
  assertEquals([heap.size, heap.nextTime, heap.takeDue(1e9)], [0, Infinity, null]);
  for (const [time, name] of [[5, "a"], [3, "b"], [5, "c"], [1, "d"], [3, "e"]] as const) {
    heap.set(time, name);
  }
  assertEquals([heap.size, heap.nextTime, heap.takeDue(0.5)], [5, 1, null]);
  const names: string[] = [];
  for (let next = heap.takeDue(4); next !== null; next = heap.takeDue(4)) names.push(next.value);
  assertEquals([names, heap.size, heap.nextTime], [["d", "b", "e"], 2, 5]);
});

Deno.test("AlarmHeap does what a sorted list does, whatever is set, cancelled and taken", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const next = random(seed);
    const heap = new AlarmHeap<number>();
    let list: Alarm<number>[] = [];
    const gone: Alarm<number>[] = [];
    let now = 0;
    for (let i = 0; i < 400; i++) {
      const action = next();
      if (action < 0.5) list.push(heap.set(now + Math.floor(next() * 20), i));
      else if (action < 0.75 && list.length > 0) {
        const [alarm] = list.splice(Math.floor(next() * list.length), 1);
        assertEquals(heap.cancel(alarm as Alarm<number>), true);
        gone.push(alarm as Alarm<number>);
      } else {
        now += next() * 10;
        const due = list.filter(({ time }) => time <= now)
          .sort((a, b) => a.time - b.time || a.order - b.order);
        list = list.filter((alarm) => !due.includes(alarm));
        for (const alarm of due) assertEquals(heap.takeDue(now)?.value, alarm.value);
        assertEquals(heap.takeDue(now), null);
        gone.push(...due);
      }
      assertEquals(heap.size, list.length);
      assertEquals(heap.nextTime, Math.min(Infinity, ...list.map(({ time }) => time)));
    }
    assertEquals(gone.some((alarm) => heap.cancel(alarm)), false);
  }
});
