/**
 * How a process is started: the order for the keeper is written into a record, and the keeper is told.
 *
 * @module
 */

import { decode, encode, namedModules } from "../_core/codec.ts";
import { moduleRef } from "../_core/module_registry.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { type ChildCommand, childCommand, type CommandOptions } from "../_runtime/child_command.ts";
import { lineage } from "../_runtime/lineage.ts";
import { isConfined, missingForProcesses } from "../_runtime/permissions.ts";
import { runtime } from "../_runtime/runtime.ts";
import { NotSupportedError, UnshareableError } from "../errors.ts";
import { launchProcess, tellKeeper } from "../thread/launcher.ts";
import { bootUrl } from "./child_boot.ts";
import { blankInnards, type Innards } from "./innards.ts";
import { keeperUrl } from "./keeper.ts";
import type { Order, Prewarmed, ToKeeper, Work } from "./orders.ts";
import { learnSeats, rehearseSeated, startSeated } from "./seated.ts";
import { checkRuntimeOptions, type RuntimeOptions } from "./process_options.ts";

/** So often a start is rehearsed. */
const REHEARSALS = 30;

/** Starts a process, and returns its record with a reference; `asInstance` says that its class does the work. */
export function launch(process: object, innards: Innards, asInstance: boolean): ThreadRecord {
  const { name, daemon } = innards;
  const order = orderOf(process, innards, asInstance);
  const seated = startSeated(order, innards, tell);
  if (seated !== null) return seated;
  const request = encode(order, "thread").bytes;
  return launchProcess(keeperUrl, { name, daemon, request, memoryLimit: 0, stackLimit: 0 });
}

function orderOf(process: object, innards: Innards, asInstance: boolean): Order {
  const { name, daemon, identity, execArgv, config, permissions } = innards;
  const work = encode(workOf(process, innards, asInstance), "process", "process");
  if (work.buffers.length > 0) {
    throw new UnshareableError(
      `Cannot start process ${name}: a shared buffer does not reach another process, use a SharedArray of scope "process"`,
    );
  }
  const own = lineage();
  const modules = namedModules(work.bytes);
  return {
    command: { ...commandOf(innards, modules), ...(innards.flagged && { flagged: true }) },
    modules,
    shares: permissions?.ffi !== false,
    lineage: {
      main: own.main,
      identity,
      name,
      daemon,
      parent: { pid: runtime().pid(), name: own.name },
      ticket: null,
      argv: own.argv,
      execArgv: execArgv ?? own.execArgv,
      config: config ?? own.config,
      confined: isConfined(permissions),
    },
    work: work.bytes,
  };
}

/** Sends a signal to a process. */
export function sendSignal({ address, ident }: ThreadRecord, signal: string): void {
  tell({ type: "signal", address, ident, signal });
}

/** Lets spare processes stand by. */
export async function prewarm(count: number, options: RuntimeOptions): Promise<void> {
  if (typeof count !== "number") {
    throw new TypeError(`Cannot prewarm: expected a number of processes, received ${typeof count}`);
  }
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(
      `Cannot prewarm: the number of processes must be an integer >= 0: ${count}`,
    );
  }
  const checked = checkRuntimeOptions(options);
  const command = commandOf(checked, []);
  if (count > 0) rehearse(checked);
  const { port1, port2 } = runtime().createChannel();
  try {
    const answer = await new Promise<Prewarmed>((resolve) => {
      runtime().onPortMessage(port1, (message) => resolve(message as Prewarmed), () => {});
      tell({ type: "prewarm", command, count, port: port2 }, [port2]);
    });
    if ("failure" in answer) throw decode(answer.failure);
    learnSeats(answer.seats);
  } finally {
    port1.close();
  }
}

/** Orders a process so often, without a start, that the engine has compiled how, by the time that a spare is ready. */
function rehearse(options: Partial<Innards>): void {
  const innards = { ...blankInnards(), ...options, target: (x: number): number => x, args: [1] };
  for (let i = 0; i < REHEARSALS; i++) {
    const order = orderOf({}, innards, false);
    decode(encode(order, "thread").bytes);
    rehearseSeated(order);
  }
}

function tell(message: ToKeeper, transfer: Transferable[] = []): void {
  tellKeeper(keeperUrl, message, transfer);
}

function commandOf(options: CommandOptions, modules: readonly string[]): ChildCommand {
  const missing = missingForProcesses();
  if (missing.length > 0) {
    const flags = missing.map((name) => `--allow-${name}`).join(" ");
    throw new NotSupportedError(`Cannot start process: it is not allowed here, grant ${flags}`);
  }
  if (bootUrl === keeperUrl) {
    throw new NotSupportedError(
      "Cannot start process: this library was bundled into the program, leave it out: --external:@nogil/std",
    );
  }
  return childCommand(bootUrl, options, modules);
}

function workOf(process: object, { name, target, args }: Innards, asInstance: boolean): Work {
  const work: Work = { args };
  if (target !== null) work.target = target;
  if (!asInstance) return work;
  if (moduleRef(process.constructor) === null) {
    throw new UnshareableError(
      `Cannot start process ${name}: its class does not travel, make it known: ` +
        `shareable(import.meta, ${process.constructor.name})`,
    );
  }
  work.class = process.constructor;
  work.fields = Object.fromEntries(Object.entries(process));
  return work;
}
