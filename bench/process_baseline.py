"""CPython side of `process_bench.ts`: `python3 process_baseline.py NAME` prints nanoseconds per operation."""
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor


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


def increment(value, start, count):
    start.wait()
    for _ in range(count):
        with value.get_lock():
            value.value += 1


def value_of_two(count):
    value = multiprocessing.Value("i", 0)
    start = multiprocessing.Barrier(3)
    processes = [multiprocessing.Process(target=increment, args=(value, start, count)) for _ in range(2)]
    for process in processes:
        process.start()
    start.wait()
    begun = time.perf_counter()
    for process in processes:
        process.join()
    assert value.value == 2 * count
    return (time.perf_counter() - begun) / (2 * count) * 1e9


def get_all(queue, count):
    for _ in range(count):
        queue.get()


def queue_items(count):
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=get_all, args=(queue, count))
    process.start()
    begun = time.perf_counter()
    for i in range(count):
        queue.put(i)
    process.join()
    return (time.perf_counter() - begun) / count * 1e9


def echo(questions, answers, count):
    for _ in range(count):
        answers.put(questions.get())


def round_trips(count):
    questions, answers = multiprocessing.Queue(), multiprocessing.Queue()
    process = multiprocessing.Process(target=echo, args=(questions, answers, count + 1))
    process.start()
    questions.put(0)
    answers.get()
    begun = time.perf_counter()
    for i in range(count):
        questions.put(i)
        answers.get()
    time_taken = time.perf_counter() - begun
    process.join()
    return time_taken / count * 1e9


def in_pool(count, run):
    with multiprocessing.Pool(2) as pool:
        run(pool, min(count, 100))
        begun = time.perf_counter()
        run(pool, count)
        return (time.perf_counter() - begun) / count * 1e9


def in_executor(count, run):
    with ProcessPoolExecutor(2) as executor:
        run(executor, min(count, 100))
        begun = time.perf_counter()
        run(executor, count)
        return (time.perf_counter() - begun) / count * 1e9


def apply_in_turn(pool, count):
    for i in range(count):
        pool.apply(square, (i,))


def submit_in_turn(executor, count):
    for i in range(count):
        executor.submit(square, i).result()


CASES = {
    "pool_map_1": lambda: in_pool(20_000, lambda pool, n: pool.map(square, range(n), chunksize=1)),
    "pool_map": lambda: in_pool(500_000, lambda pool, n: pool.map(square, range(n))),
    "pool_apply": lambda: in_pool(2_000, apply_in_turn),
    "executor_submit": lambda: in_executor(2_000, submit_in_turn),
    "value": lambda: value_of_two(100_000),
    "queue": lambda: queue_items(100_000),
    "round_trip": lambda: round_trips(5_000),
    "spawn": lambda: start_and_join("spawn", 10),
    "forkserver": lambda: start_and_join("forkserver", 20),
    "fork": lambda: start_and_join("fork", 30),
}

if __name__ == "__main__":
    print(CASES[sys.argv[1]]())
