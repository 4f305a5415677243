import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { getCurrent, RawGreenlet, setTrace } from "../../coroutine/mod.ts";
import { GreenletExit, InvalidStateError } from "../../errors.ts";

/** The kind, the index of the target, a value, and whether errors are caught; see record_programs.py. */
type Operation = [kind: string, target: number, value: number, isCaught: boolean];

interface Recording {
  main: Operation[];
  scripts: Operation[][];
  parents: number[];
  log: string[];
}

class Marked extends Error {}

const main = getCurrent();

function show(value: unknown): string {
  if (value instanceof Marked) return `error ${value.message}`;
  return value instanceof GreenletExit ? "exit" : String(value);
}

/** Runs a program and writes down what happens. */
function execute({ main: mainScript, scripts, parents }: Recording): string[] {
  const log: string[] = [];
  const greenlets = [main];
  const at = (i: number) => greenlets[i] as RawGreenlet;

  /** Begins an operation that switches; `undefined` for one that does not. */
  function begin([kind, target, value]: Operation): { switched: unknown } | undefined {
    if (kind === "switch") return { switched: at(target).switch(value) };
    if (kind === "throw") return { switched: at(target).throw(new Marked(String(value))) };
    if (kind === "exit") return { switched: at(target).throw() };
    if (kind === "self") return { switched: getCurrent().switch(value) };
  }

  function setParent(own: number, target: number): string {
    try {
      at(own).parent = at(target);
      return "set";
    } catch (error) {
      assert(error instanceof InvalidStateError);
      return "refused";
    }
  }

  function* run(own: number, operations: Operation[]): Generator<unknown, unknown, unknown> {
    for (const operation of operations) {
      const [kind, target, value, isCaught] = operation;
      if (kind === "return") return value;
      try {
        if (kind === "raise") throw new Marked(String(value));
        const switching = begin(operation);
        const result = switching === undefined
          ? setParent(own, target)
          : own === 0
          ? switching.switched
          : yield switching.switched;
        log.push(`${own} got ${show(result)}`);
      } catch (error) {
        log.push(`${own} caught ${show(error)}`);
        if (!isCaught) throw error;
      }
    }
    return `end ${own}`;
  }

  for (const [i, script] of scripts.entries()) {
    greenlets.push(
      new RawGreenlet((value: unknown) => {
        log.push(`${i + 1} starts with ${show(value)}`);
        return run(i + 1, script);
      }),
    );
  }
  for (const [i, parent] of parents.entries()) at(i + 1).parent = at(parent);
  setTrace((event, ...ends) => {
    log.push(`${event} ${ends.map((end) => greenlets.indexOf(end)).join(" ")}`);
  });
  run(0, mainScript).next();
  setTrace(null);
  for (const greenlet of greenlets.slice(1)) {
    const state = greenlet.dead ? "dead" : greenlet.started ? "suspended" : "pending";
    log.push(`${state} below ${greenlets.indexOf(greenlet.parent as RawGreenlet)}`);
  }
  return log;
}

Deno.test("RawGreenlet does what Python's greenlet was recorded to do in random programs", () => {
  const text = readFileSync(new URL("./recorded_programs.jsonl", import.meta.url), "utf8");
  const recordings = text.trim().split("\n").map((line): Recording => JSON.parse(line));
  assertEquals(recordings.length, 100);
  for (const [i, recording] of recordings.entries()) {
    assertEquals(execute(recording), recording.log, `program ${i}`);
  }
});
