// A consumer of every export, for `tsc --strict`; it is never run.
import { TimeoutError } from "@nogil/std/errors";
import * as all from "@nogil/std";

const error: Error = new TimeoutError("late", { cause: 1 });
const same: typeof TimeoutError = all.TimeoutError;
console.log(error, same);
