// Needs no permission: threads, a pool and greenlets of the published package, with self-contained functions.
import { joinAll, Lock, sleep, spawn, Thread, ThreadPool } from "jsr:@nogil/std@^0.1.0";

const lock = new Lock();
const thread = new Thread({
  target: (lock: Lock, x: number) => {
    lock.acquireSync().release();
    return x * x;
  },
  args: [lock, 7],
}).start();
if (await thread.join() !== 49) throw new Error("Wrong result of a thread");

await using pool = new ThreadPool(2);
const squares = await pool.map((x: number) => x * x, [1, 2, 3]);
if (squares.join() !== "1,4,9") throw new Error(`Wrong result of a pool: ${squares}`);

const greenlets = await joinAll([1, 2].map((x) => spawn(() => sleep(x).then(() => x))));
if (greenlets.length !== 2) throw new Error("Wrong number of greenlets");
