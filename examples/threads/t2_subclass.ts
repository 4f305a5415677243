// deno run --allow-read examples/threads/t2_subclass.ts
// T2: a thread that says itself what it does.
import { isMain, shareable, Thread } from "@nogil/std";

export const Runner = shareable(
  import.meta,
  class Runner extends Thread<[], void> {
    number: number;

    constructor(number: number) {
      super();
      this.number = number;
    }

    override run(): void {
      console.log(`running on number: ${this.number}`);
    }
  },
);

if (isMain(import.meta)) {
  for (const number of [1, 2]) await new Runner(number).start().join();
}
