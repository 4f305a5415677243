import { assertEquals } from "@std/assert";
import { ThreadPoolExecutor } from "../../pool/mod.ts";

// Alone in its file: no other test may have started a thread before.
Deno.test("the first task of a program may take and transfer buffers", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const { buffer } = Uint8Array.of(7);
  const write = (words: Int32Array, bytes: ArrayBuffer): void => {
    words[0] = new Uint8Array(bytes)[0] ?? 0;
  };
  await executor.options({ transfer: [buffer] }).submit(write, shared, buffer).result();
  assertEquals([shared[0], buffer.byteLength], [7, 0]);
});
