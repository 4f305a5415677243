/**
 * Three agents do random things at one object, and some of them die.
 *
 * @module
 */

import { assertGreater } from "@std/assert";
import { RandomRun, TYPES } from "./random_run.ts";

const SEEDS = 60;
const STEPS = 120;

for (const [name, type] of Object.entries(TYPES)) {
  for (const deaths of [false, true]) {
    Deno.test(`${name} survives random runs${deaths ? " with deaths" : ""}`, () => {
      let died = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const options = { type, seed, steps: STEPS, deaths };
        const run = new RandomRun(options);
        try {
          run.run(options);
        } catch (error) {
          throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
        died += run.deaths;
      }
      if (deaths) assertGreater(died, SEEDS);
    });
  }
}
