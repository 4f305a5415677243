/**
 * The model finds what is broken: each of these changes of an algorithm must make a scenario fail.
 *
 * @module
 */

import { assert } from "@std/assert";
import { barrierKind } from "../../_core/barrier_kind.ts";
import { conditionKind } from "../../_core/condition_kind.ts";
import { eventKind } from "../../_core/event_kind.ts";
import { holderSlot } from "../../_core/holders.ts";
import { type Kind, TAKEN } from "../../_core/kind.ts";
import { KINDS } from "../../_core/kinds.ts";
import * as layout from "../../_core/layout.ts";
import { lockKind } from "../../_core/lock_kind.ts";
import { queueKind, releaseTake } from "../../_core/queue_kind.ts";
import { GETTERS, JOINERS, Q_HEAD, S_GOT } from "../../_core/queue_layout.ts";
import { firstRef, holdInHand, redoGrowth, redoJournal } from "../../_core/queue_ring.ts";
import { commitTake, unfinished } from "../../_core/queue_tasks.ts";
import { rwlockKind } from "../../_core/rwlock_kind.ts";
import { semaphoreKind } from "../../_core/semaphore_kind.ts";
import type { WaitQueue } from "../../_core/wait_queue.ts";
import { LOCK } from "./lock_scenarios.ts";
import { withQueueOptions } from "./queue_scenario.ts";
import { QUEUE } from "./queue_scenarios.ts";
import { TASKS } from "./queue_task_scenarios.ts";
import { RWLOCK } from "./rwlock_scenarios.ts";
import { explore, type Scenario } from "./scenario.ts";
import { SEMAPHORE } from "./semaphore_scenarios.ts";
import { BARRIER, CONDITION, EVENT } from "./signal_scenarios.ts";

interface Mutation {
  name: string;
  type: number;
  kind: Kind;
  scenarios: readonly Scenario[];
}

const nothing = (): void => {};

function mutations(
  name: string,
  type: number,
  kind: Kind,
  scenarios: readonly Scenario[],
  changes: Record<string, Partial<Kind>>,
): Mutation[] {
  return Object.entries(changes).map(([change, methods]) => ({
    name: `${name} ${change}`,
    type,
    kind: { ...kind, ...methods },
    scenarios,
  }));
}

const MUTATIONS: Mutation[] = [
  ...mutations("lock", layout.TYPE_LOCK, lockKind, LOCK, {
    "does not pass the turn of one who leaves on": { left: nothing },
    "keeps PENDING over a rebuild": { reset: nothing },
    "keeps a dead holder": { holderDied: nothing },
    "does not put back": { back: nothing },
    "wakes nobody": { settle: nothing },
  }),
  ...mutations("condition", layout.TYPE_CONDITION, conditionKind, CONDITION, {
    "forgets the notify of a dead one": { buried: nothing },
  }),
  ...mutations("event", layout.TYPE_EVENT, eventKind, EVENT, {
    "releases by the store of UPTO alone": {
      settle: (q, o, force) => q.grantUpto(o, 0, layout.GRANTED, force),
    },
  }),
  ...mutations("semaphore", layout.TYPE_SEMAPHORE, semaphoreKind, SEMAPHORE, {
    "keeps the permits of the dead": { holderDied: nothing },
    "does not finish counting": { redo: nothing },
    "wakes one too few": {
      settle(q, o, force) {
        if (q.head(o, 0) !== 0 && q.w.load(o + layout.MAIN) >> 2 < 2) return;
        semaphoreKind.settle(q, o, force);
      },
    },
  }),
  ...mutations("barrier", layout.TYPE_BARRIER, barrierKind, BARRIER, {
    "goes on without a dead party": { buried: nothing },
  }),
  ...mutations("rwlock", layout.TYPE_RWLOCK, rwlockKind, RWLOCK, {
    "keeps the locks of the dead": { holderDied: nothing },
    "does not finish counting": { redo: nothing },
  }),
  ...mutations("queue", layout.TYPE_QUEUE, queueKind, QUEUE, {
    "does not finish what the dead began": { redo: nothing },
    "does not count what the dead had": { holderDied: nothing },
    "does not tell joiners of a death": {
      settle(q, o, force) {
        const joiners = o + (layout.LISTS[JOINERS] as number) + layout.HEAD;
        if (unfinished(q, o) <= 0 || q.w.load(joiners) === 0) queueKind.settle(q, o, force);
      },
    },
    "does not finish the journal": { redo: redoGrowth },
    "does not finish a growth": { redo: redoJournal },
    "wakes nobody": { settle: nothing },
    "wakes one too few": {
      settle(q, o, force) {
        if (q.w.load(o + Q_HEAD + 1) - q.w.load(o + Q_HEAD) !== 1) queueKind.settle(q, o, force);
      },
    },
    "wakes nobody when one has taken": {
      take(q, o, s, late) {
        return queueKind.take.call({ ...queueKind, settle: nothing }, q, o, s, late);
      },
    },
    "takes an item out before it is in hand": {
      take(q, o, s, late) {
        const ref = firstRef(q, o);
        if (q.listOf(s) !== GETTERS || ref === 0) return queueKind.take(q, o, s, late);
        q.w.add(o + Q_HEAD, 1);
        holdInHand(q, o, ref, 0);
        q.leave(o, s);
        return TAKEN;
      },
    },
  }),
];

/** Gets that end wrongly. */
const ENDINGS: Record<string, (q: WaitQueue, ref: number) => void> = {
  "frees an item before it is had for good": releaseTake,
  "counts an item after it is had for good": (q, ref) => {
    commitTake(q, ref, 0);
    countOne(q);
    releaseTake(q, ref);
  },
  "counts an item before it is had for good": (q, ref) => {
    countOne(q);
    commitTake(q, ref, 0);
    releaseTake(q, ref);
  },
};

function countOne(q: WaitQueue): void {
  const agent = layout.agentRecord(q.me);
  const got = holderSlot(q, q.w.get(agent + layout.A_HAND_QUEUE)) + S_GOT;
  q.w.store(got, q.w.load(got) + 1);
  q.w.set(agent + layout.A_HAND_GOT, q.w.load(got));
}

for (const [ending, finish] of Object.entries(ENDINGS)) {
  Deno.test(`The model finds a queue that ${ending}`, () => {
    const found = withQueueOptions(
      { finish },
      () => [...TASKS, ...QUEUE].some((scenario) => explore(scenario).failures.length > 0),
    );
    assert(found);
  });
}

for (const { name, type, kind, scenarios } of MUTATIONS) {
  Deno.test(`The model finds a ${name}`, () => {
    const kinds = new Map([...KINDS, [type, kind]]);
    assert(scenarios.some((scenario) => explore(scenario, kinds).failures.length > 0));
  });
}
