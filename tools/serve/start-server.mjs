import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../node-runtime.mjs";

/**
 * A server in a process of its own, when it listens.
 *
 * @typedef {object} StartedServer
 * @property {string} url
 * @property {() => number} residentMiB of memory, where /proc tells
 * @property {() => Promise<void>} stop
 */

/**
 * Starts `kindred-encode serve`.
 *
 * @param {string} model its folder
 * @param {readonly string[]} [flags]
 * @returns {Promise<StartedServer>}
 */
export function startServer(model, flags = []) {
  const bin = join(root, "apps", "encode", "bin", "kindred-encode.mjs");
  return startProcess(process.execPath, [
    bin,
    "serve",
    "--own-node",
    "--model",
    model,
    "--port",
    "0",
    "--json",
    ...flags,
  ]);
}

/**
 * Starts a process that says on a line of JSON where it listens.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<StartedServer>}
 */
export async function startProcess(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line);
    if (typeof url !== "string") continue;
    child.stdout.resume();
    return {
      url,
      residentMiB() {
        const [, kilobytes = "NaN"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
        return Number(kilobytes) / 1024;
      },
      async stop() {
        child.kill("SIGTERM");
        await exited;
      },
    };
  }
  throw new Error(`startProcess: ${command} ended before it listened. Its message is above.`);
}
