// This program's end of a contestant's process.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { root } from "../node-runtime.mjs";
import { CannotError } from "./contestant.mjs";

/** @typedef {{ amount: number, seconds: number }} Measurement */

/**
 * Who runs, and on what.
 *
 * @typedef {object} Side
 * @property {string} contestant module in contestants/, or script in python/ if there is an interpreter
 * @property {object} setup goes to the contestant as JSON
 * @property {string} [python] path of a Python interpreter
 * @property {{ readonly [name: string]: string }} [environment] variables beside those of this process
 * @property {string} [checkout] the checkout of Kindred whose contestant it is; default: this one
 */

/** A contestant's process, asked one thing at a time. */
export class Player {
  name = "";
  node = "";
  /** @type {import("node:child_process").ChildProcess} */
  #process;
  /** @type {AsyncIterator<string>} */
  #answers;

  /** @param {Side} side */
  constructor({ contestant, python, environment = {}, checkout = root }) {
    const folder = join(checkout, "tools", "bench");
    const [command, script] =
      python === undefined
        ? [process.execPath, join(folder, "play.mjs")]
        : [python, join(folder, "python", `${contestant}.py`)];
    // No flags of this process go to the child: each contestant sets its own.
    const { NODE_OPTIONS: _, ...own } = process.env;
    const env = { ...own, ...environment };
    this.#process = spawn(command, [script, contestant], { env, stdio: ["pipe", 2, "inherit", "pipe"] });
    this.#process.stdin?.on("error", () => {}); // It died; the missing answer tells.
    const output = /** @type {import("node:stream").Readable} */ (this.#process.stdio[3]);
    this.#answers = createInterface({ input: output })[Symbol.asyncIterator]();
  }

  /**
   * Starts a contestant's process and prepares it.
   *
   * @param {Side} side
   * @throws CannotError if it says that it can't do this work
   */
  static async start(side) {
    const player = new Player(side);
    try {
      const { name, node } = await player.#ask({ prepare: side.setup });
      Object.assign(player, { name, node: node ?? "" });
      return player;
    } catch (error) {
      await player.stop();
      throw error;
    }
  }

  /** @param {number} round @param {boolean} cpuTime @returns {Promise<Measurement>} */
  measure(round, cpuTime) {
    return this.#ask({ measure: round, cpuTime });
  }

  /** @returns {Promise<number[]>} */
  async sample() {
    return (await this.#ask({ sample: true })).sample;
  }

  async stop() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#process.once("close", resolve));
    this.#process.stdin?.end();
    const kill = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    await closed;
    clearTimeout(kill);
  }

  /** @param {object} request @returns {Promise<any>} */
  async #ask(request) {
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("bench: a contestant's process ended without an answer. Its message is above.");
    const answer = JSON.parse(value);
    if (answer.cannot !== undefined) throw new CannotError(answer.cannot);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}
