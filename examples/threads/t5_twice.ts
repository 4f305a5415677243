// deno run examples/threads/t5_twice.ts
// T5: one thread takes a lock twice. With a Lock nobody could ever release it: an error says so.
import { Lock, RLock } from "@nogil/std/sync";

const lock = new Lock();
lock.acquireSync();
try {
  lock.acquireSync();
} catch (error) {
  console.log((error as Error).message);
}
lock.release();

const rlock = new RLock();
rlock.acquireSync();
rlock.acquireSync();
rlock.release();
rlock.release();
console.log("end.");
