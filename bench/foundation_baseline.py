"""The CPython side of foundation_bench.ts: prints nanoseconds per operation."""
import sys
import threading
import time


def lock(n=1_000_000):
    """A free lock: acquire and release."""
    it = threading.Lock()
    started = time.perf_counter_ns()
    for _ in range(n):
        it.acquire()
        it.release()
    return (time.perf_counter_ns() - started) / n


def rlock(n=1_000_000):
    """A free re-entrant lock: acquire and release."""
    it = threading.RLock()
    started = time.perf_counter_ns()
    for _ in range(n):
        it.acquire()
        it.release()
    return (time.perf_counter_ns() - started) / n


def thread(n=2000):
    """A thread that has next to nothing to do: start and join."""
    started = time.perf_counter_ns()
    for _ in range(n):
        it = threading.Thread(target=abs, args=(1,))
        it.start()
        it.join()
    return (time.perf_counter_ns() - started) / n


print({"lock": lock, "rlock": rlock, "thread": thread}[sys.argv[1]]())
