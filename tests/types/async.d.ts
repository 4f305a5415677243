// The part of @std/async that the tests use.

export interface DelayOptions {
  signal?: AbortSignal;
  persistent?: boolean;
}

export interface DeadlineOptions {
  signal?: AbortSignal;
}

export declare function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
export declare function deadline<T>(
  p: Promise<T>,
  ms: number,
  options?: DeadlineOptions,
): Promise<T>;
export declare function delay(ms: number, options?: DelayOptions): Promise<void>;
