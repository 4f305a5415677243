/**
 * What is to happen when: a binary heap in which every alarm knows its place, so that one that is cancelled leaves nothing
 * behind. Alarms for the same time go off in the order in which they were set.
 *
 * @module
 */

/** Something to be done at a time. */
export class Alarm<T> {
  /** When, on the clock of whoever set it. */
  readonly time: number;
  readonly value: T;
  /** The number of the alarm, in the order of their setting. */
  readonly order: number;
  /** Where it is in the heap; -1 when it is not in it. */
  place: number = -1;

  constructor(time: number, value: T, order: number) {
    this.time = time;
    this.value = value;
    this.order = order;
  }
}

/** Alarms, the next one first. */
export class AlarmHeap<T> {
  readonly #alarms: Alarm<T>[] = [];
  #order = 0;

  /** How many alarms are set. */
  get size(): number {
    return this.#alarms.length;
  }

  /** When the next alarm goes off; `Infinity` if none is set. */
  get nextTime(): number {
    return this.#alarms[0]?.time ?? Infinity;
  }

  /** Sets an alarm. */
  set(time: number, value: T): Alarm<T> {
    const alarm = new Alarm(time, value, this.#order++);
    this.#rise(alarm, this.#alarms.length);
    return alarm;
  }

  /** Takes an alarm back; tells whether it had not gone off. */
  cancel(alarm: Alarm<T>): boolean {
    const { place } = alarm;
    if (place < 0) return false;
    alarm.place = -1;
    const last = this.#alarms.pop() as Alarm<T>;
    if (last === alarm) return true;
    const above = this.#alarms[(place - 1) >> 1];
    if (place > 0 && above !== undefined && isBefore(last, above)) this.#rise(last, place);
    else this.#sink(last, place);
    return true;
  }

  /** Takes the next alarm if its time has come by `now`. */
  takeDue(now: number): Alarm<T> | null {
    const first = this.#alarms[0];
    if (first === undefined || first.time > now) return null;
    this.cancel(first);
    return first;
  }

  #rise(alarm: Alarm<T>, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#alarms[parent] as Alarm<T>;
      if (!isBefore(alarm, above)) break;
      this.#put(above, place);
      place = parent;
    }
    this.#put(alarm, place);
  }

  #sink(alarm: Alarm<T>, from: number): void {
    const { length } = this.#alarms;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      const right = child + 1;
      if (
        right < length &&
        isBefore(this.#alarms[right] as Alarm<T>, this.#alarms[child] as Alarm<T>)
      ) child = right;
      const below = this.#alarms[child] as Alarm<T>;
      if (!isBefore(below, alarm)) break;
      this.#put(below, place);
      place = child;
    }
    this.#put(alarm, place);
  }

  #put(alarm: Alarm<T>, place: number): void {
    this.#alarms[place] = alarm;
    alarm.place = place;
  }
}

function isBefore<T>(one: Alarm<T>, other: Alarm<T>): boolean {
  return one.time < other.time || one.time === other.time && one.order < other.order;
}
