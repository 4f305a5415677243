import { assert, assertEquals } from "@std/assert";
import { K_NUMBER, LAST, S_FULL, type TaskGeometry } from "../../_core/task_layout.ts";
import { TaskMemory } from "../../_core/task_memory.ts";
import { TaskResults } from "../../_core/task_results.ts";
import { TaskSeat } from "../../_core/task_seat.ts";

const geometry: TaskGeometry = {
  seats: 1,
  lanes: 1,
  mainBytes: 512,
  urgentBytes: 512,
  resultBytes: 512,
};

/** A seat whose ring is full, and the owner's view of it. */
function fullSeat(): { memory: TaskMemory; seat: TaskSeat; results: TaskResults } {
  const memory = TaskMemory.create(geometry);
  const seat = new TaskSeat(memory, 0);
  const results = new TaskResults(memory, 0);
  while (seat.reserve(1, K_NUMBER | LAST, 1, 1) >= 0) seat.publish();
  return { memory, seat, results };
}

function readAll(results: TaskResults): void {
  for (const end = results.end(); results.read(end);) results.done();
  results.tell();
}

Deno.test("TaskSeat.waitForRoom() does not wait when the owner has read since there was no room", () => {
  const { seat, results } = fullSeat();
  readAll(results);
  const since = performance.now();
  seat.waitForRoom(60_000);
  assert(performance.now() - since < 30_000);
  assert(seat.reserve(1, K_NUMBER | LAST, 1, 1) >= 0);
});

Deno.test("TaskSeat.roomChange() is null when the owner has read since there was no room", () => {
  const { seat, results } = fullSeat();
  readAll(results);
  assertEquals(seat.roomChange(), null);
});

Deno.test("TaskSeat.roomChange() resolves when the owner reads later", async () => {
  const { memory, seat, results } = fullSeat();
  const change = seat.roomChange();
  assert(change !== null);
  assertEquals(memory.words.load(seat.at + S_FULL), 1);
  const stay = setInterval(() => {}, 1000);
  readAll(results);
  await change;
  clearInterval(stay);
  assert(seat.reserve(1, K_NUMBER | LAST, 1, 1) >= 0);
});
