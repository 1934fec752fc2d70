// Training steps of Kindred's trainer on XLA for CPUs.
import { startRun } from "../inputs/start-run.mjs";
import { cpuPlugin } from "../inputs/cpu-plugin.mjs";

/**
 * @typedef {object} XlaTrainSetup
 * @property {string} folder of the model
 * @property {string} data file of pairs, one batch or more
 * @property {number} pairs of a batch
 * @property {number} batches of the file
 * @property {number} threads
 * @property {"float32" | "bfloat16"} products
 */

/** @type {import("../contestant.mjs").Enter<XlaTrainSetup>} */
export default async function enter({ threads, products, batches, ...setup }) {
  const machine = { plugin: cpuPlugin(threads), compileCache: "none" };
  const run = await startRun({ ...setup, options: { backend: "xla", devices: 1, products }, machine });
  for (let batch = 1; batch < batches; batch++) await run.measure(); // compiles every program that these batches need
  return { ...run, name: `XLA, ${products}` };
}
