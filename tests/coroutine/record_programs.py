"""Writes recorded_programs.jsonl: random programs of greenlets, and what greenlet makes of them.

`python3 record_programs.py COUNT > recorded_programs.jsonl`, where `import greenlet` works.

An operation is [kind, index of the target, value, whether errors are caught]; the main greenlet has the index 0.
"""

import json
import os
import random
import sys

from greenlet import GreenletExit, getcurrent, greenlet, settrace

KINDS = {"switch": 10, "throw": 2, "exit": 1, "parent": 2, "self": 1, "return": 1, "raise": 1}


class Marked(Exception):
    """An error with a number."""


def make_program(seed):
    rng = random.Random(seed)
    count = rng.randint(2, 5)

    def operations(limit, is_main):
        kinds = list(KINDS)[:5] if is_main else list(KINDS)
        weights = [KINDS[kind] for kind in kinds]
        return [
            [
                rng.choices(kinds, weights)[0],
                rng.randint(0, count),
                rng.randint(0, 99),
                is_main or rng.random() < 0.5,
            ]
            for _ in range(rng.randint(1, limit))
        ]

    return {
        "main": operations(14, True),
        "scripts": [operations(6, False) for _ in range(count)],
        "parents": [rng.randint(0, i) for i in range(count)],
    }


def show(value):
    if isinstance(value, Marked):
        return f"error {value.args[0]}"
    if isinstance(value, GreenletExit):
        return "exit"
    return str(value)


def execute(program):
    log = []
    main = getcurrent()
    all_greenlets = [main]

    def step(own, kind, target, value):
        if kind == "switch":
            return all_greenlets[target].switch(value)
        if kind == "throw":
            return all_greenlets[target].throw(Marked(value))
        if kind == "exit":
            return all_greenlets[target].throw()
        if kind == "self":
            return getcurrent().switch(value)
        if kind == "raise":
            raise Marked(value)
        try:
            all_greenlets[own].parent = all_greenlets[target]
            return "set"
        except (ValueError, AttributeError):
            return "refused"

    def run_operations(own, operations):
        for kind, target, value, is_caught in operations:
            if kind == "return":
                return value
            try:
                log.append(f"{own} got {show(step(own, kind, target, value))}")
            except (Marked, GreenletExit) as error:
                log.append(f"{own} caught {show(error)}")
                if not is_caught:
                    raise
        return f"end {own}"

    def body_of(own, operations):
        def run(*args):
            # A parent that was not started and gets the exit of a child is called with nothing.
            log.append(f"{own} starts with {show(args[0]) if args else 'exit'}")
            return run_operations(own, operations)

        return run

    def trace(event, ends):
        log.append(f"{event} {' '.join(str(all_greenlets.index(end)) for end in ends)}")

    for i, script in enumerate(program["scripts"]):
        all_greenlets.append(greenlet(body_of(i + 1, script)))
    for i, parent in enumerate(program["parents"]):
        all_greenlets[i + 1].parent = all_greenlets[parent]
    settrace(trace)
    run_operations(0, program["main"])
    settrace(None)
    for other in all_greenlets[1:]:
        state = "dead" if other.dead else "suspended" if other else "pending"
        log.append(f"{state} below {all_greenlets.index(other.parent)}")
    return log, all_greenlets


kept = []  # so that nothing is collected and killed
for seed in range(int(sys.argv[1])):
    program = make_program(seed)
    log, greenlets = execute(program)
    kept.append(greenlets)
    print(json.dumps({**program, "log": log}, separators=(",", ":")))
sys.stdout.flush()
os._exit(0)
