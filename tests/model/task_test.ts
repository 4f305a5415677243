import { assertEquals } from "@std/assert";
import { Kill } from "./sim_words.ts";
import { TaskWorld } from "./task_world.ts";

/** What the owner has submitted before the first worker goes on. */
const SCENARIOS: Record<string, (world: TaskWorld) => void> = {
  "one task": (world) => void world.submit(),
  "three tasks": (world) => {
    for (let k = 0; k < 3; k++) world.submit();
  },
  "a batch": (world) => void world.submitBatch(3),
  "an urgent task": (world) => {
    world.submit();
    world.submit({ priority: 1 });
  },
  "a cancelled task": (world) => {
    const ticket = world.submit();
    world.submit();
    world.engine.cancel(ticket);
  },
  "more than the ring holds": (world) => {
    for (let k = 0; k < 40; k++) world.submit();
  },
};

/** What may happen in the middle of what a worker does. */
const EVENTS: Record<string, (world: TaskWorld) => void> = {
  "the other works": (world) => {
    for (let k = 0; k < 4; k++) world.workers[1]?.step();
  },
  "the owner looks": (world) => world.look(),
  "the owner submits": (world) => void world.submit(),
  "the owner submits many": (world) => {
    for (let k = 0; k < 30; k++) world.submit();
  },
  "the owner submits something urgent": (world) => void world.submit({ priority: 2 }),
  "the other works, the owner takes and submits": (world) => {
    for (let k = 0; k < 30; k++) world.workers[1]?.step();
    world.look();
    for (let k = 0; k < 20; k++) world.submit();
  },
};

const STEPS = 5;

/** Lets the first worker do some things with what is planned; tells whether all of that has happened. */
function run(world: TaskWorld, plan: () => void): boolean {
  plan();
  for (let k = 0; k < STEPS; k++) if (world.workers[0]?.step() === false) break;
  return !world.words.forget();
}

function check(world: TaskWorld, mostLost: number, what: string): void {
  world.settle();
  const problems = world.problems(mostLost);
  world.end();
  assertEquals(problems, [], what);
}

/** Waits until what the engines have left to the event loop is done. */
async function turn(): Promise<void> {
  for (let k = 0; k < 10; k++) await new Promise((resolve) => setTimeout(resolve));
}

function kill(): never {
  throw new Kill();
}

for (const [name, prepare] of Object.entries(SCENARIOS)) {
  Deno.test(`a worker may die before any access: ${name}`, async () => {
    for (let k = 0;; k++) {
      const world = new TaskWorld(2);
      prepare(world);
      const happened = run(world, () => world.words.plan(k, kill));
      check(world, 1, `${name}, killed at ${k}`);
      if (!happened) break;
    }
    await turn();
  });

  Deno.test(`anything may happen between two accesses of a worker: ${name}`, async () => {
    for (const [what, event] of Object.entries(EVENTS)) {
      for (let k = 0;; k++) {
        const world = new TaskWorld(2);
        prepare(world);
        const happened = run(world, () => world.words.plan(k, () => event(world)));
        check(world, 0, `${name}, ${what} at ${k}`);
        if (!happened) break;
      }
    }
    await turn();
  });
}

Deno.test("a worker may die soon after something has happened in between", async () => {
  for (const [name, prepare] of Object.entries(SCENARIOS)) {
    for (const [what, event] of Object.entries(EVENTS)) {
      for (let k = 0; k < 24; k++) {
        for (const more of [0, 1, 2, 3, 5, 8]) {
          const world = new TaskWorld(2);
          prepare(world);
          run(world, () => {
            world.words.plan(k, () => event(world));
            world.words.plan(k + 1 + more, kill);
          });
          check(world, 1, `${name}, ${what} at ${k}, killed ${more} later`);
        }
      }
    }
  }
  await turn();
});

Deno.test("no wake-up is lost while the owner submits and workers lie down", async () => {
  for (const sleepers of [0, 1, 2]) {
    for (let k = 0; k < 40; k++) {
      for (const steps of [1, 2, 3]) {
        const world = new TaskWorld(2);
        // Asleep are those who have found nothing.
        for (let w = 0; w < sleepers; w++) while (world.workers[w]?.step());
        world.words.plan(k, () => {
          for (let s = 0; s < steps; s++) for (const worker of world.workers) worker.step();
        });
        world.submit();
        world.words.forget();
        // The owner does nothing more: the workers have to find the task by themselves.
        for (let moved = true; moved;) {
          moved = false;
          for (const worker of world.workers) while (worker.step()) moved = true;
        }
        world.end();
        assertEquals(world.executed[0], 1, `${sleepers} asleep, at ${k}, ${steps} steps`);
      }
    }
  }
  await turn();
});

Deno.test("no wake-up is lost while a worker lies down and the owner submits", async () => {
  for (const event of ["the owner submits", "the owner submits something urgent"]) {
    for (let k = 0; k < 60; k++) {
      for (const asleep of [false, true]) {
        const world = new TaskWorld(2);
        if (asleep) { while (world.workers[1]?.step()); }
        world.words.plan(k, () => EVENTS[event]?.(world));
        for (let s = 0; s < 3; s++) world.workers[0]?.step();
        world.words.forget();
        for (let moved = true; moved;) {
          moved = false;
          for (const worker of world.workers) while (worker.step()) moved = true;
        }
        world.end();
        if (world.heard.length > 0) assertEquals(world.executed[0], 1, `${event} at ${k}`);
      }
    }
  }
  await turn();
});

Deno.test("a worker that is woken may die before it claims: another one is woken", async () => {
  for (let k = 0; k < 30; k++) {
    const world = new TaskWorld(2);
    for (const worker of world.workers) while (worker.step());
    world.submit();
    const woken = world.workers.findIndex((worker) => !worker.sleeps);
    world.words.plan(k, kill);
    world.workers[woken]?.step();
    world.workers[woken]?.step();
    check(world, 1, `killed at ${k}`);
  }
  await turn();
});

Deno.test("who begins a task wakes the next worker when there is more to do", async () => {
  const world = new TaskWorld(2);
  for (const worker of world.workers) while (worker.step());
  world.submit();
  world.submit();
  const [first, second] = world.workers[0]?.sleeps ? [1, 0] : [0, 1];
  // It gets up, and takes the first task.
  world.workers[first]?.step();
  assertEquals(world.workers[second]?.sleeps, true);
  world.workers[first]?.step();
  assertEquals(world.workers[second]?.sleeps, false);
  world.end();
  await turn();
});
