// Imports the published package, and a part of it.
import { TimeoutError } from "jsr:@nogil/std@^0.1.0";
import { TimeoutError as same } from "jsr:@nogil/std@0.1.0/errors";

if (TimeoutError !== same) throw new Error("The package and its part give different classes");
if (new TimeoutError("late").name !== "TimeoutError") throw new Error("Wrong name");
