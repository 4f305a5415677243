/**
 * What the rest of the library may ask of the JavaScript runtime it runs on. Everything that differs
 * between Deno and Node, or that only a built-in module offers, is behind {@linkcode Runtime}.
 *
 * @module
 */

/** Memory limits of one worker, in megabytes; a worker that exceeds them dies alone. */
export interface ResourceLimits {
  /** Largest size of the old generation of the heap, in megabytes. */
  maxOldGenerationSizeMb?: number;
  /** Largest size of the young generation of the heap, in megabytes. */
  maxYoungGenerationSizeMb?: number;
  /** Memory reserved for generated code, in megabytes. */
  codeRangeSizeMb?: number;
  /** Largest size of the stack, in megabytes. */
  stackSizeMb?: number;
}

/** How {@linkcode Runtime.spawnWorker} makes a worker and whom it tells about it. */
export interface SpawnOptions {
  /** Name shown in stack traces and debuggers. */
  name?: string;
  /** Memory limits; the runtime's own without it. */
  resourceLimits?: ResourceLimits;
  /** Objects inside the data that move to the worker instead of being copied. */
  transfer?: readonly Transferable[];
  /** Called with each message from the worker. */
  onMessage?: (message: unknown) => void;
  /** Called once with the error that ends the worker; {@linkcode SpawnOptions.onExit} follows. */
  onError?: (error: unknown) => void;
  /** Called once, when the worker is gone, with its exit code. */
  onExit?: (code: number) => void;
}

/** The parent's side of a worker. */
export interface WorkerHandle {
  /** Number of the worker, unique in this OS process. */
  readonly threadId: number;
  /** Sends a message. */
  post(message: unknown, transfer?: readonly Transferable[]): void;
  /** Stops the worker, also one that spins or is parked, and resolves to its exit code. */
  terminate(): Promise<number>;
  /** Lets the worker keep this thread's event loop alive (the default). */
  ref(): void;
  /** Lets this thread's event loop end although the worker lives. */
  unref(): void;
}

/** Says whether a source of events keeps the event loop alive. */
export interface Refable {
  /** Keeps the event loop alive. */
  ref(): void;
  /** Lets the event loop end. */
  unref(): void;
}

/** A running timer, as `setTimeout` and `setInterval` return it. */
export type TimerHandle = ReturnType<typeof setTimeout>;

/** A value for each asynchronous context: what `AsyncLocalStorage` is on both runtimes. */
export interface AsyncStore<T> {
  /** Returns the value of the context that this code runs in. */
  getStore(): T | undefined;
  /** Calls `callback` in a context with a value. */
  run<R>(value: T, callback: () => R): R;
}

/** The runtime under the library. */
export interface Runtime {
  /** Which runtime this is. */
  readonly name: "deno" | "node";
  /** Whether this code runs in a worker and not on the main thread. */
  readonly isWorkerThread: boolean;
  /** Number of this thread, unique in this OS process; 0 on the main thread. */
  readonly threadId: number;
  /** Returns how many threads can run at the same time. */
  parallelism(): number;
  /** Returns the id of this OS process. */
  pid(): number;
  /** Returns the id of the OS process that started this one. */
  ppid(): number;

  /** Starts a worker that imports `bootUrl`; `data` is what {@linkcode Runtime.workerData} returns there. */
  spawnWorker(bootUrl: string, data: unknown, options?: SpawnOptions): WorkerHandle;
  /** Returns the data that this worker was started with; `null` on the main thread. */
  workerData(): unknown;
  /** Sends a message from this worker to the thread that made it. */
  postToParent(message: unknown, transfer?: readonly Transferable[]): void;
  /** Calls `listener` with each message from the thread that made this worker. */
  onParentMessage(listener: (message: unknown) => void): Refable;
  /** Ends this worker at once with an exit code. */
  exitWorker(code: number): never;
  /** Ends this worker at once as if it were terminated: no handler of its `exit` is called. */
  quitWorker(): never;
  /** Calls `handler` instead of ending this worker when an error or a rejection is not handled. */
  onUncaught(handler: (error: unknown) => void): void;
  /** Takes the next message from a port without waiting; `null` when there is none. */
  receiveMessageSync(port: MessagePort): { message: unknown } | null;
  /** Calls `listener` with each message that comes from a port, and `onClose` when its other end is gone. */
  onPortMessage(port: MessagePort, listener: (message: unknown) => void, onClose: () => void): void;
  /** Returns two connected ports. */
  createChannel(): { port1: MessagePort; port2: MessagePort };
  /**
   * Makes everything that this worker prints appear at once, also while other threads are blocked.
   * `pause` blocks for a time in milliseconds; it is called while a pipe is full. `beforeOutput` is called before anything
   * is printed.
   */
  installWorkerConsole(pause: (milliseconds: number) => void, beforeOutput: () => void): void;

  /** Calls `callback` when the event loop has nothing left to do; work that it starts is waited for. */
  onBeforeExit(callback: () => void): void;
  /** Calls `callback` with the exit code when the process (or this worker) ends in an orderly way. */
  onProcessExit(callback: (code: number) => void): void;
  /** Sets the exit code of the process, unless it is already a failure. */
  failProcess(code: number): void;
  /** Writes text to the standard error stream before it returns. */
  writeErrorSync(text: string): void;
  /** Calls `callback` after the event loop has gone round once: what was due has run by then. */
  nextTurn(callback: () => void): void;
  /** Makes a value for each asynchronous context. The module behind it is loaded only now. */
  asyncStore<T>(): Promise<AsyncStore<T>>;
  /** Returns how many timers, sockets and the like keep the event loop alive. */
  activeResources(): number;

  /**
   * Tells whether this worker has reached its memory limit and nobody was told: Deno stops the code that did, and goes on,
   * if that was the continuation of a promise.
   */
  heapExhausted(): boolean;
  /** Lets the event loop end although the timer is pending. */
  unrefTimer(timer: TimerHandle): void;
  /** Keeps the event loop alive again while the timer is pending. */
  refTimer(timer: TimerHandle): void;
}
