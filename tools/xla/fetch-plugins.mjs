// node tools/xla/fetch-plugins.mjs [--json | --present]: fetches the CPU plugins for tests with pip, where they are not in the user's cache yet.
//
// Without Python, its pip or a reachable index it says so and ends well: tests then report themselves as skipped, or as failed where
// REQUIRE_PJRT=1. Several may run at once: the first fetches, the others wait for it.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { folderOf, pluginsFolder, presentPlugins, wheels } from "./plugins.mjs";

/** @import { PluginWheel } from "./plugins.mjs" */

/** After a failure nobody tries again for this long, since every test file would. */
const waitAfterFailureMs = 10 * 60_000;
const lock = join(pluginsFolder, "lock");
const failure = join(pluginsFolder, "failure.txt");

/**
 * Fetches what is missing.
 *
 * @param {{ readonly again?: boolean }} [options] whether to try in spite of a recent failure
 * @returns {string | undefined} why some are still missing, or undefined
 */
export function fetchPlugins({ again = false } = {}) {
  const missing = () => wheels.filter((wheel) => !existsSync(join(folderOf(wheel), wheel.library)));
  if (missing().length === 0) return undefined;
  if (process.platform !== "linux" || process.arch !== "x64")
    return `the plugins for tests are for linux on x64, and this is ${process.platform} on ${process.arch}`;
  mkdirSync(pluginsFolder, { recursive: true, mode: 0o700 });
  takeLock();
  try {
    if (missing().length === 0) return undefined;
    const recent = existsSync(failure) && Date.now() - statSync(failure).mtimeMs < waitAfterFailureMs;
    if (recent && !again) return readFileSync(failure, "utf8");
    for (const wheel of missing()) install(wheel);
    rmSync(failure, { force: true });
    return undefined;
  } catch (error) {
    const why = reasonOf(error);
    writeFileSync(failure, why);
    return why;
  } finally {
    rmSync(lock, { force: true });
  }
}

/**
 * Unpacks a wheel of exactly this digest. pip checks it, and without its dependencies there is nothing that could run.
 *
 * @param {PluginWheel} wheel
 */
function install(wheel) {
  const folder = mkdtempSync(join(pluginsFolder, "part-"));
  try {
    const list = join(folder, "requirements.txt");
    const target = join(folder, "target");
    writeFileSync(list, `${wheel.package}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
    const how = [
      "--require-hashes",
      "--no-deps",
      "--only-binary=:all:",
      "--no-compile",
      "--no-cache-dir",
      "--retries=1",
    ];
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
    execFileSync("python3", ["-m", "pip", "install", ...how, ...quiet, "--target", target, "-r", list], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 5 * 60_000,
    });
    if (!existsSync(folderOf(wheel))) renameSync(target, folderOf(wheel));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until nobody else fetches. A lock whose process has ended is taken over. */
function takeLock() {
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      return writeFileSync(lock, String(process.pid), { flag: "wx" });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      if (!isRunning(lock)) rmSync(lock, { force: true });
      Atomics.wait(sleep, 0, 0, 200);
    }
  }
}

/** Whether the process that wrote a lock still runs. @param {string} file */
function isRunning(file) {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    if (pid === 0) return true; // being written at this moment
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @param {unknown} error */
function reasonOf(error) {
  const { code, stderr, message } = /** @type {NodeJS.ErrnoException & { stderr?: Buffer }} */ (error);
  if (code === "ENOENT") return "python3 is not installed, which fetches plugins with its pip";
  const said = stderr?.toString().trim().split("\n").at(-1);
  return `python3 -m pip failed: ${said || message}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [mode] = process.argv.slice(2);
  // What nx asks: cached results of tests that were skipped must not outlive the plugins' arrival.
  const why = mode === "--present" ? undefined : fetchPlugins({ again: mode !== "--json" });
  if (mode === "--json") console.log(JSON.stringify({ plugins: presentPlugins(), why }));
  else {
    for (const { name, path } of presentPlugins()) console.log(`${name}: ${path}`);
    if (why !== undefined) console.log(`Missing plugins: ${why}.`);
  }
}
