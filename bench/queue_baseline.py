"""Prints how many nanoseconds CPython takes for one item: `python3 queue_baseline.py WHAT KIND MAXSIZE COUNT`."""

import asyncio
import queue
import sys
import threading
import time

MEGABYTE = bytes(1 << 20)

ITEMS = {
    "number": lambda i: i,
    "string": lambda i: f"item number {i}",
    "object": lambda i: {"id": i, "name": "item", "ok": True, "x": 1.5},
    "kilobyte": lambda i: "x" * 1000 + str(i),
    "megabyte": lambda i: MEGABYTE,
}


def make_queue(what, maxsize):
    return queue.SimpleQueue() if what == "SimpleQueue" else queue.Queue(maxsize)


def put_all(q, make, count):
    for i in range(count):
        q.put(make(i))


def get_all(q, count):
    for _ in range(count):
        q.get()


def echo(questions, answers, count):
    for _ in range(count):
        answers.put(questions.get())


def run(*calls):
    threads = [threading.Thread(target=target, args=args) for target, *args in calls]
    for thread in threads:
        thread.start()
    return threads


def join(threads):
    for thread in threads:
        thread.join()


def through(q, make, count):
    threads = run((get_all, q, count))
    started = time.perf_counter_ns()
    put_all(q, make, count)
    join(threads)
    return started


def two_by_two(q, make, count):
    consumers = run((get_all, q, count // 2), (get_all, q, count // 2))
    started = time.perf_counter_ns()
    join(run((put_all, q, make, count // 2), (put_all, q, make, count // 2)) + consumers)
    return started


def round_trips(q, answers, make, count):
    threads = run((echo, q, answers, count))
    started = time.perf_counter_ns()
    for i in range(count):
        q.put(make(i))
        answers.get()
    join(threads)
    return started


def alone(q, make, count):
    started = time.perf_counter_ns()
    for i in range(count):
        q.put(make(i))
        q.get()
    return started


async def alone_in_asyncio(make, count):
    q = asyncio.Queue()
    started = time.perf_counter_ns()
    for i in range(count):
        await q.put(make(i))
        await q.get()
    return started


def main():
    how, what, kind, maxsize, count = sys.argv[1:]
    make, count, q = ITEMS[kind], int(count), make_queue(what, int(maxsize))
    if how == "through":
        started = through(q, make, count)
    elif how == "two_by_two":
        started = two_by_two(q, make, count)
    elif how == "round_trips":
        started = round_trips(q, make_queue(what, int(maxsize)), make, count)
    elif what == "asyncio.Queue":
        started = asyncio.run(alone_in_asyncio(make, count))
    else:
        started = alone(q, make, count)
    print((time.perf_counter_ns() - started) / count)


main()
