import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { type Seat, type SeatPlace, SpareSeats } from "../../_core/spare_seats.ts";

const KEY = "as this one";
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

/** Seats, as the keeper and the main thread see them. */
function makeSeats(): SpareSeats {
  const seats = SpareSeats.create();
  assert(seats !== null);
  return seats;
}

/** A spare that has its seat, and sleeps there. */
function sit(seats: SpareSeats, key = KEY): { place: SeatPlace; child: Seat } {
  const place = seats.reserve(key, 4711);
  assert(place !== null);
  const child = SpareSeats.open(place);
  assert(child !== null);
  child.rehearse();
  child.offer();
  return { place, child };
}

Deno.test("SpareSeats.take() gives a spare its work, and settle() what has come of it", () => {
  const seats = makeSeats();
  const { place, child } = sit(seats);
  assertEquals([place.pid, place.fd], [process.pid, seats.mapping.fd]);
  const seat = seats.take(KEY);
  assert(seat !== null);
  assertEquals([seat.pid, seat.isBusy, seats.take(KEY)], [4711, false, null]);
  seat.give(bytes(1, 2, 3));
  assertEquals([seat.isBusy, seat.settle()], [true, null]);
  assertEquals(child.sleep(), bytes(1, 2, 3));
  child.finish({ failed: true, code: 1, bytes: bytes(4) });
  seat.wait(60_000);
  assertEquals(seat.settle(), { failed: true, code: 1, bytes: bytes(4) });
  assertEquals([seat.settle(), seats.settle(place.index)], [null, false]);
});

Deno.test("SpareSeats.take() takes those alone who serve the same key", () => {
  const seats = makeSeats();
  sit(seats, "another");
  const { place } = sit(seats);
  assertEquals(seats.take("a third"), null);
  assertEquals(seats.take(KEY)?.index, place.index);
});

Deno.test("SpareSeats.call() tells a spare to listen to its channel", () => {
  const seats = makeSeats();
  const { place, child } = sit(seats);
  assert(seats.call(place.index));
  assertEquals([child.sleep(), seats.take(KEY)], [null, null]);
  // It says nothing here.
  child.finish({ failed: false, code: 0, bytes: bytes(1) });
  assert(seats.settle(place.index));
});

Deno.test("SpareSeats.call() comes too late for a spare that was taken, but not for one that was put back", () => {
  const seats = makeSeats();
  const { place } = sit(seats);
  const seat = seats.take(KEY);
  assert(!seats.call(place.index));
  seat?.putBack();
  assert(seats.call(place.index));
});

Deno.test("SpareSeats.settle() is first when the outcome comes by the channel alone", () => {
  const seats = makeSeats();
  const { place, child } = sit(seats);
  const seat = seats.take(KEY);
  seat?.give(bytes(1));
  child.finish({ failed: false, code: 0, bytes: new Uint8Array(1 << 16) });
  assert(seat?.isBusy);
  assert(seats.settle(place.index));
  child.finish({ failed: false, code: 0, bytes: bytes(1) });
  assertEquals([seat?.isBusy, seat?.settle()], [false, null]);
});

Deno.test("SpareSeats.free() lets the next sit there, on whom an old use has no hold", () => {
  const seats = makeSeats();
  const { place, child } = sit(seats);
  const old = seats.take(KEY);
  old?.give(bytes(1));
  seats.settle(place.index);
  seats.free(place.index);
  const next = sit(seats);
  assertEquals(next.place.index, place.index);
  const seat = seats.take(KEY);
  seat?.give(bytes(2));
  child.finish({ failed: false, code: 7, bytes: bytes(7) });
  assertEquals([seat?.isBusy, old?.settle()], [true, null]);
  next.child.finish({ failed: false, code: 0, bytes: bytes(3) });
  assertEquals([old?.settle(), seat?.settle()?.bytes], [null, bytes(3)]);
});

Deno.test("SpareSeats.reserve() gives each seat once", () => {
  const seats = makeSeats();
  const taken: number[] = [];
  for (let place; (place = seats.reserve(KEY, 1)) !== null;) taken.push(place.index);
  assertEquals([taken.length, new Set(taken).size], [32, 32]);
  seats.call(5);
  seats.settle(5);
  seats.free(5);
  assertEquals(seats.reserve(KEY, 1)?.index, 5);
});

Deno.test("Seat.fits() and SpareSeats.fits() know what there is room for", () => {
  const seats = makeSeats();
  const { child } = sit(seats);
  for (const one of [seats, child]) {
    assertEquals([16_000, 17_000].map((size) => one.fits(new Uint8Array(size))), [true, false]);
  }
});
