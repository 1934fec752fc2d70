// Training steps of Kindred's trainer, as kindred-train runs them.
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { startRun } from "../inputs/start-run.mjs";

/**
 * @typedef {object} TrainSetup
 * @property {string} folder of the model
 * @property {string} data file of pairs, one batch or more
 * @property {number} pairs of a batch
 * @property {number} cores
 */

/** @type {import("../contestant.mjs").Enter<TrainSetup>} */
export default async function enter({ folder, data, pairs, cores }) {
  enableRevectorization(); // before anything is compiled, as the command does
  // `revectorize` is the command's default, not the library's.
  return { name: "Kindred", ...(await startRun({ folder, data, pairs, options: { cores, revectorize: true } })) };
}
