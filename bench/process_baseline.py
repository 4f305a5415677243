"""CPython side of `process_bench.ts`: `python3 process_baseline.py NAME` prints nanoseconds per operation."""
import multiprocessing
import sys
import time


def square(x):
    return x * x


def start_and_join(method, count):
    context = multiprocessing.get_context(method)
    # The first one starts what the others need, a fork server say.
    process = context.Process(target=square, args=(7,))
    process.start()
    process.join()
    begun = time.perf_counter()
    for _ in range(count):
        process = context.Process(target=square, args=(7,))
        process.start()
        process.join()
    return (time.perf_counter() - begun) / count * 1e9


CASES = {
    "spawn": lambda: start_and_join("spawn", 10),
    "forkserver": lambda: start_and_join("forkserver", 20),
    "fork": lambda: start_and_join("fork", 30),
}

if __name__ == "__main__":
    print(CASES[sys.argv[1]]())
