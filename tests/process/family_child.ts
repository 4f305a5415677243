/** The program of the other processes of the family tests: enters the family and plays a role of `family_roles.ts`. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { decode, encode } from "../../_core/codec.ts";
import { enterFamily, type FamilyTicket } from "../../_core/process_family.ts";
import { forceNamedMemory } from "../../_runtime/memory.ts";
import * as queues from "../../queue/mod.ts";
import * as roles from "./family_roles.ts";
import { say } from "./family_say.ts";

/** What the test hands over as the argument of the program. */
export interface Part {
  readonly role: keyof typeof roles;
  readonly ticket: FamilyTicket;
  readonly args: string;
}

async function play({ role, ticket, args }: Part): Promise<void> {
  if (ticket.name !== null) forceNamedMemory();
  enterFamily(ticket);
  say("entered", process.pid);
  const values = decode(new Uint8Array(Buffer.from(args, "base64"))) as never[];
  const perform = roles[role] as (...args: never[]) => unknown;
  const result = await perform(...values);
  say("result", Buffer.from(encode(result, "process").bytes).toString("base64"));
}

/** What handles may stand for is loaded. */
export const loaded: readonly unknown[] = [queues];

const given = process.argv[2];
if (given?.startsWith("{")) {
  play(JSON.parse(given) as Part).catch((error) => {
    say("error", `${(error as Error).name}: ${(error as Error).message}`);
    process.exitCode = 1;
  });
}
