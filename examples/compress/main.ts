// deno run --allow-read examples/compress/main.ts
// Compresses and hashes every text file of a folder (or the repository), on one thread and on all cores.
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isMain, Lock, Thread, Value } from "@nogil/std";
// @ts-types="./cli_progress.d.ts"
import { Presets, SingleBar } from "cli-progress";
import { listTextFiles } from "./files.ts";
import { compressFiles, type Digest, type Shared } from "./work.ts";

/** What one run gave. */
interface Run {
  threads: number;
  files: number;
  bytesIn: number;
  bytesOut: number;
  seconds: number;
  /** The hash of each file's compressed bytes, in the order of the files. */
  digests: string[];
}

/** Makes what the threads of a run share. */
function share(): Shared {
  return {
    next: new Value("i", 0),
    lock: new Lock(),
    files: new Value("i", 0),
    bytesIn: new Value("d", 0),
    bytesOut: new Value("d", 0),
  };
}

async function compress(
  folder: string,
  paths: readonly string[],
  threadCount: number,
): Promise<Run> {
  const shared = share();
  const bar = new SingleBar({
    format: `${count(threadCount, "thread")} ${
      process.stderr.isTTY ? "[{bar}] " : ""
    }{value}/{total} files, {duration} s`,
    stream: process.stderr,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 2000,
  }, Presets.shades_classic);
  const started = performance.now();
  bar.start(paths.length, 0);
  const painter = setInterval(() => bar.update(shared.files.value), 100);
  try {
    const threads = Array.from(
      { length: threadCount },
      (_, i) =>
        new Thread({
          target: compressFiles,
          args: [folder, paths, shared],
          name: `compress-${i + 1}`,
        }).start(),
    );
    const digests: Digest[][] = [];
    for (const thread of threads) digests.push(await thread.join());
    const seconds = (performance.now() - started) / 1000;
    return {
      threads: threadCount,
      files: shared.files.value,
      bytesIn: shared.bytesIn.value,
      bytesOut: shared.bytesOut.value,
      seconds,
      digests: digests.flat().sort(([a], [b]) => a - b).map(([, digest]) => digest),
    };
  } finally {
    clearInterval(painter);
    bar.update(shared.files.value);
    bar.stop();
  }
}

/** Has the threads' workers made, so that what is measured after it is the work alone. */
async function warmUp(folder: string, threadCount: number): Promise<void> {
  const threads = Array.from(
    { length: threadCount },
    () => new Thread({ target: compressFiles, args: [folder, [], share()] }).start(),
  );
  for (const thread of threads) await thread.join();
}

function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

/** Lays out rows in columns: the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))
      .join("   ")
  ).join("\n");
}

async function main(): Promise<void> {
  const repository = fileURLToPath(new URL("../../", import.meta.url));
  const folder = resolve(process.argv[2] ?? repository);
  const paths = await listTextFiles(folder);
  if (paths.length === 0) throw new Error(`Cannot compress '${folder}': it holds no text file`);
  console.log(`${count(paths.length, "text file")} in ${folder}`);

  const cores = availableParallelism();
  await warmUp(folder, cores);
  const one = await compress(folder, paths, 1);
  const all = await compress(folder, paths, cores);

  const agree = one.digests.length === paths.length && one.bytesOut === all.bytesOut &&
    one.digests.every((digest, i) => digest === all.digests[i]);
  console.log(table([
    ["", "files", "bytes in", "bytes out", "seconds", "speed-up"],
    ...[one, all].map((run) => [
      count(run.threads, "thread"),
      String(run.files),
      run.bytesIn.toLocaleString("en"),
      run.bytesOut.toLocaleString("en"),
      run.seconds.toFixed(2),
      (one.seconds / run.seconds).toFixed(2),
    ]),
  ]));
  console.log(agree ? "Both runs agree byte for byte." : "The runs differ.");
  if (!agree) process.exitCode = 1;
}

if (isMain(import.meta)) {
  await main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
