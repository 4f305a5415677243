import { checkPrograms, lines } from "./run_example.ts";

/** What each program has to print; the order counts where the program fixes it. */
checkPrograms("C", {
  C1: lines("a 1", "b 1", "a 2", "b 2", "a 3", "b 3", "b 4", "b 5", "both are exhausted"),
  C2: lines("12 56 34 78", "0 0 1 1 2 2 3 3 4 4"),
});
