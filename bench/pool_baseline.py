"""Prints how many nanoseconds CPython takes for one task of a pool of two threads: `python3 pool_baseline.py WHAT COUNT`."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

SMALL = {"id": 12345, "name": "item", "ok": True, "x": 1.5}


def square(x):
    return x * x


def echo(x):
    return x


def primes(limit):
    count = 0
    for n in range(2, limit):
        d = 2
        while d * d <= n and n % d:
            d += 1
        count += d * d > n
    return count


def submit(executor, count, fn=square, value=None):
    futures = [executor.submit(fn, i if value is None else value) for i in range(count)]
    for future in futures:
        future.result()


def submit_in_turn(executor, count, fn=square, value=None):
    for i in range(count):
        executor.submit(fn, i if value is None else value).result()


def apply_async(pool, count):
    for result in [pool.apply_async(square, (i,)) for i in range(count)]:
        result.get()


def apply_in_turn(pool, count):
    for i in range(count):
        pool.apply(square, (i,))


EXECUTOR = {
    "submit": submit,
    "submit_in_turn": submit_in_turn,
    "object": lambda executor, count: submit(executor, count, echo, SMALL),
    "string": lambda executor, count: submit(executor, count, echo, "item number 12345"),
    "bytes": lambda executor, count: submit_in_turn(executor, count, echo, bytes(1 << 20)),
    "primes": lambda executor, count: submit(executor, count, primes, 10_000),
}

POOL = {
    "apply_async": apply_async,
    "apply_in_turn": apply_in_turn,
    "map_1": lambda pool, count: pool.map(square, range(count), chunksize=1),
    "map": lambda pool, count: pool.map(square, range(count)),
}


def main():
    what, count = sys.argv[1], int(sys.argv[2])
    if what in EXECUTOR:
        fn, make = EXECUTOR[what], ThreadPoolExecutor
    else:
        fn, make = POOL[what], ThreadPool
    with make(2) as pool:
        fn(pool, min(count, 100))
        started = time.perf_counter_ns()
        fn(pool, count)
        print((time.perf_counter_ns() - started) / count)


main()
