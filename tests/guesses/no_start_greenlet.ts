/** A program that makes a greenlet and forgets to start it. */

import { Greenlet } from "../../coroutine/mod.ts";

async function main(): Promise<void> {
  console.log(await new Greenlet(() => Promise.resolve("it has run")));
}

main();
