/** What can die at readers-writer locks. */

import { TAKEN } from "../../_core/kind.ts";
import { TYPE_RWLOCK, WOKEN } from "../../_core/layout.ts";
import {
  READERS_LIST,
  releaseRead,
  releaseWrite,
  tryRead,
  tryWrite,
  WRITERS_LIST,
} from "../../_core/rwlock_kind.ts";
import { oneOf, type Scenario } from "./scenario.ts";
import type { Wait, World } from "./world.ts";

function rwlockWith(w: World, reading: readonly number[], writing = 0): number {
  const o = w.arena.allocateObject(TYPE_RWLOCK);
  for (const id of reading) oneOf(tryRead(w.agent(id).q, o), TAKEN);
  if (writing !== 0) oneOf(tryWrite(w.agent(writing).q, o), TAKEN);
  return o;
}

const read = (w: World, id: number, o: number): Wait => w.queue(id, o, { list: READERS_LIST });
const write = (w: World, id: number, o: number): Wait => w.queue(id, o, { list: WRITERS_LIST });

/** Scenarios of readers-writer locks. */
export const RWLOCK: Scenario[] = [
  {
    name: "rwlock: reads twice and writes",
    act(w) {
      const o = rwlockWith(w, []);
      const { q } = w.agent(2);
      const op = (): void => {
        tryRead(q, o);
        tryRead(q, o);
        releaseRead(q, o);
        releaseRead(q, o);
        tryWrite(q, o);
        releaseWrite(q, o);
      };
      return { o, op };
    },
  },
  {
    name: "rwlock: reads beside others and stops",
    act(w) {
      const o = rwlockWith(w, [3, 4]);
      const { q } = w.agent(2);
      return { o, op: () => (tryRead(q, o), releaseRead(q, o)), then: () => oneOf(w.held(o), 2) };
    },
  },
  {
    name: "rwlock: the last reader lets a writer in",
    act(w) {
      const o = rwlockWith(w, [2]);
      write(w, 3, o);
      read(w, 4, o);
      return { o, op: () => releaseRead(w.agent(2).q, o) };
    },
  },
  {
    name: "rwlock: the writer lets readers and writers in",
    act(w) {
      const o = rwlockWith(w, [], 2);
      write(w, 3, o);
      read(w, 4, o);
      read(w, 5, o);
      write(w, 4, o);
      return { o, op: () => releaseWrite(w.agent(2).q, o) };
    },
  },
  {
    name: "rwlock: a woken writer writes, then it is the readers' turn",
    act(w) {
      const o = rwlockWith(w, [], 5);
      const own = write(w, 2, o);
      read(w, 3, o);
      write(w, 4, o);
      const second = read(w, 5, o);
      releaseWrite(w.agent(5).q, o);
      const op = (): void => {
        oneOf(w.look(own, o), TAKEN);
        releaseWrite(w.agent(2).q, o);
      };
      return { o, op, then: (killed) => killed || oneOf(w.state(second.s), WOKEN) };
    },
  },
  {
    name: "rwlock: woken readers read",
    act(w) {
      const o = rwlockWith(w, [], 5);
      const own = read(w, 2, o);
      read(w, 3, o);
      write(w, 4, o);
      releaseWrite(w.agent(5).q, o);
      const op = (): void => {
        if (w.look(own, o) === TAKEN) releaseRead(w.agent(2).q, o);
      };
      return { o, op };
    },
  },
  {
    name: "rwlock: readers alone are woken together",
    act(w) {
      const o = rwlockWith(w, [], 5);
      const own = read(w, 2, o);
      read(w, 3, o);
      read(w, 4, o);
      releaseWrite(w.agent(5).q, o);
      const op = (): void => {
        oneOf(w.look(own, o), TAKEN);
        releaseRead(w.agent(2).q, o);
      };
      return { o, op };
    },
  },
  {
    name: "rwlock: a woken reader goes back",
    act(w) {
      const o = rwlockWith(w, [], 5);
      const own = read(w, 2, o);
      read(w, 3, o);
      releaseWrite(w.agent(5).q, o);
      const writer = write(w, 4, o);
      oneOf(writer.outcome, TAKEN);
      return { o, op: () => w.look(own, o) };
    },
  },
  ...([[0, 0], [0, 1], [1, 0], [1, 1]] as const).map(([list, position]): Scenario => ({
    name: `rwlock: cancels ${list === 0 ? "writing" : "reading"} at position ${position}`,
    act(w) {
      const o = rwlockWith(w, list === 0 ? [5] : [], list === 0 ? 0 : 5);
      const waits = [0, 1].map((i) => w.queue(i === position ? 2 : 3, o, { list }));
      w.queue(4, o, { list: 1 - list });
      return { o, op: () => w.cancel(waits[position] as Wait, o) };
    },
  })),
  ...[WRITERS_LIST, READERS_LIST].map((list): Scenario => ({
    name: `rwlock: cancels ${list === 0 ? "writing" : "reading"} just when it came free`,
    act(w) {
      const o = rwlockWith(w, [], 5);
      const own = w.queue(2, o, { list });
      write(w, 3, o);
      read(w, 4, o);
      releaseWrite(w.agent(5).q, o);
      const { q } = w.agent(2);
      const op = (): void => {
        if (w.cancel(own, o) === TAKEN) (list === 0 ? releaseWrite : releaseRead)(q, o);
      };
      return { o, op };
    },
  })),
  ...[WRITERS_LIST, READERS_LIST].map((list): Scenario => ({
    name: `rwlock: queues for ${list === 0 ? "writing" : "reading"} at one that is free by now`,
    act(w) {
      const o = rwlockWith(w, []);
      return { o, op: () => w.queue(2, o, { list }) };
    },
  })),
  {
    name: "rwlock: reaps a reader, a writer waits",
    act(w) {
      const o = rwlockWith(w, [5, 5, 3]);
      write(w, 4, o);
      read(w, 5, o);
      w.die(5);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5],
        then: () => oneOf(w.held(o), 1),
      };
    },
  },
  {
    name: "rwlock: reaps two dead readers",
    act(w) {
      const o = rwlockWith(w, [5, 4, 4]);
      write(w, 3, o);
      w.die(5);
      w.die(4);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5, 4],
        then: () => oneOf(w.held(o), 0),
      };
    },
  },
  {
    name: "rwlock: reaps a dead writer who had read before",
    act(w) {
      const o = rwlockWith(w, [5]);
      releaseRead(w.agent(5).q, o);
      tryWrite(w.agent(5).q, o);
      write(w, 3, o);
      read(w, 4, o);
      w.die(5);
      return { o, op: () => w.agent(2).reap(5), alreadyDead: [5] };
    },
  },
];
