/**
 * Progress bars on the standard error stream.
 *
 * In a terminal, `cli-progress` draws them, loaded when the first one is wanted; bars of several maps stand below each
 * other. Whatever `console` prints meanwhile, in whatever thread, stands above the bars: who prints clears their lines, and
 * they are drawn again below. Nothing is written that would have to be undone if the program were stopped: the cursor stays
 * visible, and lines are cut rather than kept from wrapping. Where the stream is no terminal, there is a plain line every ten seconds
 * and one at the end.
 *
 * @module
 */

import process from "node:process";
import { beforeConsole } from "./console_hook.ts";
import { type BarRows, clearBars, toFirstRow } from "./progress_rows.ts";

/** A bar. */
export interface ProgressBar {
  /** Says how far it is. */
  update(state: ProgressState): void;
  /** Leaves the bar as it stands. */
  close(): void;
}

/** How far something is. */
export interface ProgressState {
  /** What is done. */
  readonly done: number;
  /** All that is to be done, or `null` while that is not known. */
  readonly total: number | null;
  /** What of the done has failed. */
  readonly failed: number;
}

/** Where bars are opened. */
export interface ProgressBars {
  /** Opens a bar. */
  open(label: string, state: ProgressState): ProgressBar;
}

/** Milliseconds between two lines where there is no terminal. */
const LINE_INTERVAL = 10_000;
const WIDEST_BAR = 40;

/** The line of a bar. */
class Line {
  readonly #label: string;
  readonly #since = performance.now();
  #until: number | null = null;
  state: ProgressState;

  constructor(label: string, state: ProgressState) {
    this.#label = label;
    this.state = state;
  }

  close(): void {
    this.#until = performance.now();
  }

  /** Puts the state into one line of at most `width` characters, with a bar if it is at least that wide. */
  text(width: number, withBar: boolean): string {
    const { done, total, failed } = this.state;
    const seconds = ((this.#until ?? performance.now()) - this.#since) / 1000;
    const rate = done / Math.max(seconds, 0.001);
    const counts = total === null ? format(done) : `${format(done)}/${format(total)}`;
    const facts = [`${formatRate(rate)}/s`, this.#time(seconds, rate)];
    if (failed > 0) facts.push(`${format(failed)} failed`);
    const tail = `${counts}  ${facts.join("  ")}`;
    const head = this.#label === "" ? "" : `${this.#label}  `;
    if (total === null) return `${head}${tail}`.slice(0, width);
    const share = total === 0 ? 1 : Math.min(done / total, 1);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const room = Math.min(WIDEST_BAR, width - head.length - tail.length - percent.length - 4);
    const full = Math.floor(share * room);
    const bar = withBar && room >= 5
      ? `${"\u2588".repeat(full)}${"\u2591".repeat(room - full)}  `
      : "";
    return `${head}${percent}  ${bar}${tail}`.slice(0, width);
  }

  #time(seconds: number, rate: number): string {
    const { done, total } = this.state;
    if (this.#until !== null) {
      const verb = total !== null && done >= total ? "in" : "stopped after";
      return `${verb} ${formatTime(seconds)}`;
    }
    if (total === null || done === 0) return formatTime(seconds);
    return `${formatTime((total - done) / rate)} left`;
  }
}

function format(n: number): string {
  return n.toLocaleString("en");
}

function formatRate(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : format(Math.round(rate));
}

/** Gives `m:ss` or `h:mm:ss`. */
function formatTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  const hours = Math.floor(whole / 3600);
  if (hours > 0) parts.unshift(hours);
  return parts.map((part, i) => i === 0 ? String(part) : String(part).padStart(2, "0")).join(":");
}

/** The part of cli-progress that is used here. */
interface CliProgress {
  MultiBar: new (options: Record<string, unknown>) => MultiBar;
}

interface MultiBar {
  timer: ReturnType<typeof setTimeout> | null;
  create(total: number, start: number, payload: { line: Line }): unknown;
  update(): void;
  stop(): void;
}

/** What cli-progress writes to: it never hides the cursor nor moves it elsewhere than to the lines of the bars. */
class Terminal {
  readonly #rows: BarRows;
  #text = "";
  #newlines = 0;

  constructor(rows: BarRows) {
    this.#rows = rows;
  }

  isTTY(): boolean {
    return true;
  }

  getWidth(): number {
    return process.stderr.columns || 80;
  }

  cursorTo(): void {
    this.#text += "\r";
  }

  clearRight(): void {
    this.#text += "\x1b[K";
  }

  write(text: string): void {
    this.#text += text;
  }

  newline(): void {
    this.#text += "\n";
    this.#newlines++;
  }

  cursorRelativeReset(): void {
    this.#text += toFirstRow(this.#rows.takeBarRows());
    this.#newlines = 0;
  }

  /** Writes all at once, so that hardly anybody prints in between. */
  flush(isLast = false): void {
    process.stderr.write(this.#text);
    this.#text = "";
    this.#rows.barRows = isLast ? 0 : this.#newlines + 1;
  }
}

class TerminalBars implements ProgressBars {
  readonly #cli: CliProgress;
  readonly #rows: BarRows;
  readonly #open: Set<Line> = new Set();
  #bars: MultiBar | null = null;
  #endHook: () => void = () => {};

  constructor(cli: CliProgress, rows: BarRows) {
    this.#cli = cli;
    this.#rows = rows;
  }

  open(label: string, state: ProgressState): ProgressBar {
    const line = new Line(label, state);
    this.#open.add(line);
    this.#bars ??= this.#start();
    this.#bars.create(0, 0, { line });
    this.#bars.timer?.unref?.();
    this.#bars.update();
    return {
      update: (state) => void (line.state = state),
      close: () => {
        line.close();
        this.#open.delete(line);
        if (this.#open.size > 0) return;
        this.#bars?.stop();
        this.#bars = null;
        this.#endHook();
      },
    };
  }

  #start(): MultiBar {
    const { MultiBar } = this.#cli;
    const terminal = new Terminal(this.#rows);
    this.#endHook = beforeConsole(() => clearBars(this.#rows.takeBarRows()));
    /** An open bar does not keep the program alive. */
    class IdleMultiBar extends MultiBar {
      override update(): void {
        super.update();
        terminal.flush();
        this.timer?.unref?.();
      }

      override stop(): void {
        super.stop();
        terminal.flush(true);
      }
    }
    return new IdleMultiBar({
      terminal,
      linewrap: true,
      // Without it, the cursor goes to the beginning of a line that has not changed, and stays there.
      forceRedraw: true,
      format: (_options: unknown, { maxWidth }: { maxWidth: number }, payload: { line: Line }) =>
        payload.line.text(maxWidth - 1, true),
    });
  }
}

class LineBars implements ProgressBars {
  open(label: string, state: ProgressState): ProgressBar {
    const line = new Line(label, state);
    const print = (): void => void process.stderr.write(`${line.text(200, false).trimStart()}\n`);
    const timer = setInterval(print, LINE_INTERVAL);
    timer.unref();
    return {
      update: (state) => void (line.state = state),
      close: () => {
        clearInterval(timer);
        line.close();
        print();
      },
    };
  }
}

let loading: Promise<ProgressBars> | null = null;

/** Gives where bars are opened, with what it takes loaded. */
export function progressBars(rows: BarRows): Promise<ProgressBars> {
  return loading ??= load(rows);
}

async function load(rows: BarRows): Promise<ProgressBars> {
  if (!process.stderr.isTTY) return new LineBars();
  const module = await import("npm:cli-progress@3.12.0") as { default: CliProgress };
  return new TerminalBars(module.default, rows);
}
