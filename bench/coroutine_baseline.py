"""Measures greenlet, gevent and asyncio for bench/coroutine_bench.ts: prints nanoseconds per operation."""

import asyncio
import sys
import time

import gevent
from gevent.lock import Semaphore
from gevent.pool import Pool
from gevent.queue import Queue
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


def gevent_sleep(n, count):
    """Greenlets let each other run."""

    def body():
        for _ in range(n // count):
            gevent.sleep(0)

    gevent.joinall([gevent.spawn(body) for _ in range(count)])


def gevent_spawn(n):
    """Greenlets that are started together and end at once."""

    def body():
        return 1

    gevent.joinall([gevent.spawn(body) for _ in range(n)])


def gevent_spawn_one(n):
    """The same, one after the other."""

    def body():
        return 1

    for _ in range(n):
        gevent.spawn(body).join()


def gevent_queue(n):
    """Items pass from one greenlet to another."""
    queue = Queue(16)

    def produce():
        for i in range(n):
            queue.put(i)

    def consume():
        for _ in range(n):
            queue.get()

    gevent.joinall([gevent.spawn(produce), gevent.spawn(consume)])


def gevent_semaphore(n):
    """Two greenlets share a permit."""
    seat = Semaphore(1)

    def body():
        for _ in range(n // 2):
            with seat:
                gevent.sleep(0)

    gevent.joinall([gevent.spawn(body), gevent.spawn(body)])


def gevent_pool(n):
    """A pool of ten greenlets."""

    def body(_):
        gevent.sleep(0)

    Pool(10).map(body, range(n))


async def asyncio_sleep(n, count):
    async def body():
        for _ in range(n // count):
            await asyncio.sleep(0)

    await asyncio.gather(*[body() for _ in range(count)])


async def asyncio_spawn(n):
    async def body():
        return 1

    await asyncio.gather(*[asyncio.create_task(body()) for _ in range(n)])


async def asyncio_group(n):
    async def body():
        await asyncio.sleep(0)

    for _ in range(n // 10):
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(body())


async def asyncio_queue(n):
    queue = asyncio.Queue(16)

    async def produce():
        for i in range(n):
            await queue.put(i)

    async def consume():
        for _ in range(n):
            await queue.get()

    await asyncio.gather(produce(), consume())


async def asyncio_semaphore(n):
    seat = asyncio.Semaphore(1)

    async def body():
        for _ in range(n // 2):
            async with seat:
                await asyncio.sleep(0)

    await asyncio.gather(body(), body())


WORK = {
    "child": child,
    "pair": pair,
    "life": life,
    "gevent sleep 2": lambda n: gevent_sleep(n, 2),
    "gevent sleep 100": lambda n: gevent_sleep(n, 100),
    "gevent spawn": gevent_spawn,
    "gevent spawn one": gevent_spawn_one,
    "gevent queue": gevent_queue,
    "gevent semaphore": gevent_semaphore,
    "gevent pool": gevent_pool,
    "asyncio sleep 2": lambda n: asyncio.run(asyncio_sleep(n, 2)),
    "asyncio sleep 100": lambda n: asyncio.run(asyncio_sleep(n, 100)),
    "asyncio spawn": lambda n: asyncio.run(asyncio_spawn(n)),
    "asyncio group": lambda n: asyncio.run(asyncio_group(n)),
    "asyncio queue": lambda n: asyncio.run(asyncio_queue(n)),
    "asyncio semaphore": lambda n: asyncio.run(asyncio_semaphore(n)),
}

name, count = sys.argv[1], int(sys.argv[2])
started = time.perf_counter()
WORK[name](count)
print((time.perf_counter() - started) * 1e9 / count)
