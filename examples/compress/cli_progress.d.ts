// The part of cli-progress that the program uses.

export interface Options {
  format: string;
  stream: unknown;
  hideCursor: boolean;
  noTTYOutput: boolean;
  notTTYSchedule: number;
}

export declare class SingleBar {
  constructor(options: Options, preset: object);
  start(total: number, startValue: number): void;
  update(current: number): void;
  stop(): void;
}

export declare const Presets: Readonly<Record<"shades_classic", object>>;
