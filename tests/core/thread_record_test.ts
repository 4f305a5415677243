import { assert, assertEquals, assertFalse } from "@std/assert";
import { NO_SLOT, STARTING, STARTING_LIMITED, STARTING_PROCESS } from "../../_core/thread_state.ts";
import type { NewThread, ThreadRecord } from "../../_core/thread_record.ts";
import { processFields } from "../../process/innards.ts";
import { realm } from "../../thread/realm.ts";

const thread: NewThread = {
  name: "a record",
  daemon: true,
  request: new Uint8Array(0),
  buffers: 0,
  memoryLimit: 0,
  stackLimit: 0,
};
const limited: NewThread = { ...thread, memoryLimit: 64 };
const process: NewThread = { ...thread, isProcess: true };

/** Ends a thread that nobody runs, and gives its references back. */
function dispose(record: ThreadRecord): void {
  record.end({ outcome: "result", bytes: null, buffers: 0, exitCode: 0, report: false });
  record.releaseRun();
  record.release();
}

Deno.test("ThreadRecord.claim() takes only what is for the one who comes", () => {
  const { table } = realm();
  const slot = 1000; // No worker has it.
  for (
    const [made, start, others] of [
      [thread, STARTING, [STARTING_LIMITED, STARTING_PROCESS]],
      [limited, STARTING_LIMITED, [STARTING, STARTING_PROCESS]],
      [process, STARTING_PROCESS, [STARTING, STARTING_LIMITED]],
    ] as const
  ) {
    const record = table.add(made);
    assert(record.starting && table.starting().some(({ ident }) => ident === record.ident));
    for (const other of others) assertFalse(record.claim(slot, other));
    assert(record.starting);
    assert(record.claim(slot, start));
    assertFalse(record.starting);
    assertFalse(record.claim(slot, start) || record.claim(NO_SLOT));
    assert(record.runsIn(slot));
    dispose(record);
  }
});

Deno.test("ThreadRecord.claim() of one who comes late leaves what others have started in the same record", () => {
  const { table } = realm();
  const first = table.add(thread);
  assert(first.claim(NO_SLOT));
  dispose(first);
  const second = table.add(process);
  assertEquals(second.address, first.address);
  assertFalse(first.claim(1000, STARTING));
  assert(second.claim(NO_SLOT));
  dispose(second);
});

Deno.test("ProcessFields.pid() does not wait for a process that has ended before it had an id", () => {
  const record = realm().table.add(process);
  assert(record.claim(NO_SLOT));
  record.end({ outcome: "lost", bytes: null, buffers: 0, exitCode: -1, report: false });
  assertEquals(processFields().pid(record), null);
  record.releaseRun();
  record.release();
});
