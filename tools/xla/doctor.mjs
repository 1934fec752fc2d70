// node tools/xla/doctor.mjs [--plugin PATH] [--devices n]: what XLA devices this machine has for Kindred, and whether they work.
//
// Lists every plugin in the order in which Kindred takes them, then tests each with tools/xla/smoke.mjs in a process of its own, so that one that
// crashes or hangs is told of too. Exit code 1 where the plugin that Kindred would take is missing or fails.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPlugins } from "@kindred/pjrt";
import { root } from "../node-runtime.mjs";

/** A TPU's start takes a minute at worst; a plugin that waits longer waits for a server or for another process. */
const timeoutMs = 5 * 60_000;

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
  options: { plugin: { type: "string" }, devices: { type: "string" } },
});

console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}${process.platform === "linux" ? `, glibc ${glibc()}` : ""}`,
);
console.log(`koffi ${koffiVersion()}`);
for (const name of ["XLA_FLAGS", "LIBTPU_INIT_ARGS", "TPU_SKIP_MDS_QUERY", "CUDA_VISIBLE_DEVICES"]) {
  const value = process.env[name];
  if (value !== undefined) console.log(`${name}=${value}`);
}
const found = list();
for (const { path, from, unusable } of found)
  console.log(
    `${unusable === undefined ? "plugin" : "passed over"}: ${path} (${from})${unusable === undefined ? "" : `: ${unusable}`}`,
  );

const usable = found.filter(({ unusable }) => unusable === undefined);
const works = usable.map(({ path }) => examine(path));
if (works.length === 0)
  console.log("No plugin for this machine. For CPUs run: pip install --no-deps lammps-jax-pjrt-cpu==0.11.2");
process.exitCode = works[0] === true ? 0 : 1;

/** What there is, or the message of a path that leads nowhere. */
function list() {
  try {
    return findPlugins(options.plugin === undefined ? {} : { plugin: options.plugin });
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
    return [];
  }
}

/**
 * Tests one plugin and prints what came of it.
 *
 * @param {string} path
 */
function examine(path) {
  console.log("");
  const devices = options.devices === undefined ? [] : ["--devices", options.devices];
  const smoke = join(root, "tools", "xla", "smoke.mjs");
  const { status, signal, error } = spawnSync(process.execPath, [smoke, "--plugin", path, ...devices], {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: timeoutMs,
  });
  if (/** @type {NodeJS.ErrnoException | undefined} */ (error)?.code === "ETIMEDOUT")
    console.log(
      `✗ no answer in ${timeoutMs / 60_000} minutes. On a TPU: does another process hold it? Off Google's cloud set TPU_SKIP_MDS_QUERY=1.`,
    );
  else if (signal !== null) console.log(`✗ the plugin ended the process with ${signal}`);
  return status === 0;
}

/** As `@kindred/pjrt` finds it. */
function koffiVersion() {
  try {
    return createRequire(fileURLToPath(import.meta.resolve("@kindred/pjrt")))("koffi").version;
  } catch {
    return "is missing. Run: npm install koffi";
  }
}

function glibc() {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return header.glibcVersionRuntime ?? "is missing: plugins need it, and this system has another C library";
}
