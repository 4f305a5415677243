"""Measures greenlet for bench/coroutine_bench.ts: prints nanoseconds per operation."""

import sys
import time

from greenlet import getcurrent, greenlet


def child(n):
    """Main and a greenlet switch to each other."""
    main = getcurrent()

    def body(_):
        while True:
            main.switch(1)

    other = greenlet(body)
    for i in range(n // 2):
        other.switch(i)


def pair(n):
    """Two greenlets switch to each other."""

    def ping():
        for i in range(n // 2):
            b.switch(i)

    def pong(_):
        while True:
            a.switch(1)

    a = greenlet(ping)
    b = greenlet(pong)
    a.switch()


def life(n):
    """Greenlets that run to their end."""

    def body(x):
        return x

    for i in range(n):
        greenlet(body).switch(i)


WORK = {"child": child, "pair": pair, "life": life}

name, count = sys.argv[1], int(sys.argv[2])
started = time.perf_counter()
WORK[name](count)
print((time.perf_counter() - started) * 1e9 / count)
