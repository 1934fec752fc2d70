import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../../node-runtime.mjs";
import { CannotError } from "../contestant.mjs";

/**
 * Runs a script of python/ to its end. What it prints goes to standard error.
 *
 * @param {string} python interpreter
 * @param {string} script
 * @param {readonly string[]} args
 * @param {string} input its standard input; default nothing
 * @throws CannotError if it fails
 */
export async function runPython(python, script, args, input = "") {
  const file = join(root, "tools", "bench", "python", script);
  const running = spawn(python, [file, ...args], { stdio: ["pipe", 2, 2] });
  running.stdin?.on("error", () => {}); // it ended before it read all; its code tells
  running.stdin?.end(input);
  const [code] = await once(running, "close");
  if (code !== 0) throw new CannotError(`${script} ended with ${code}; its message is above`);
}
