// deno run --allow-read --allow-write --allow-net --allow-run --allow-env --allow-ffi examples/processes/p11_tickets.ts
// P11: eleven clients, three tickets in a file: with a lock three are sold, without one too many.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Barrier, currentProcess, isMain, Lock, Process, sleepSync, task } from "@nogil/std";

/** Buys a ticket if one is left; other clients may come between the look and the purchase. */
function buy(file: string): boolean {
  const { tickets } = JSON.parse(readFileSync(file, "utf8")) as { tickets: number };
  if (tickets === 0) return false;
  sleepSync(200 + Math.random() * 100); // they pay
  // The file is replaced as a whole: nobody reads one that is only half written.
  const mine = `${file}.${currentProcess().pid}`;
  writeFileSync(mine, JSON.stringify({ tickets: tickets - 1 }));
  renameSync(mine, file);
  return true;
}

export const client = task(
  import.meta,
  (file: string, opening: Barrier, lock: Lock | null): boolean => {
    opening.waitSync();
    using _ = lock?.acquireSync();
    return buy(file);
  },
);

async function sell(file: string, lock: Lock | null): Promise<number> {
  writeFileSync(file, JSON.stringify({ tickets: 3 }));
  const opening = new Barrier(11, { scope: "process" });
  const clients = Array.from(
    { length: 11 },
    () => new Process({ target: client, args: [file, opening, lock] }).start(),
  );
  const bought = await Promise.all(clients.map((process) => process.join()));
  return bought.filter(Boolean).length;
}

if (isMain(import.meta)) {
  const folder = mkdtempSync(join(tmpdir(), "tickets-"));
  const file = join(folder, "tickets.json");
  console.log("with a lock, sold:", await sell(file, new Lock({ scope: "process" })));
  console.log("without, more than three:", await sell(file, null) > 3);
  rmSync(folder, { recursive: true });
}
