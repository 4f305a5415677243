// A plain program that uses the installed package.
import assert from "node:assert/strict";
import { TimeoutError } from "@nogil/std";

assert.equal(new TimeoutError("late").name, "TimeoutError");
