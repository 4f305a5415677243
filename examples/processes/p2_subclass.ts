// deno run --allow-read --allow-write --allow-net --allow-run examples/processes/p2_subclass.ts
// P2: a process that says itself what it does.
import { isMain, Process, shareable } from "@nogil/std";

export const Greeter = shareable(
  import.meta,
  class Greeter extends Process<[], void> {
    nick: string;

    constructor(nick: string) {
      super();
      this.nick = nick;
    }

    override run(): void {
      console.log(`Hello, ${this.nick}`);
      console.log(`my name is ${this.name}`);
    }
  },
);

if (isMain(import.meta)) await new Greeter("Ada").start().join();
