// Training steps of Kindred's trainer, as kindred-train runs them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { train, trainConfig } from "@kindred/train";

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
  const temporary = await mkdtemp(join(tmpdir(), "kindred-bench-"));
  const config = trainConfig({
    model: folder,
    data,
    output: join(temporary, "run"),
    batchSize: pairs,
    cores,
    revectorize: true, // the command's default, not the library's
    holdOut: 0,
    duplicates: "allow",
    maxSteps: 1_000_000,
    loggingSteps: 1,
    evalSteps: 0,
    saveSteps: 0,
  });
  const events = train(config);
  const next = async () => {
    for (;;) {
      const { value, done } = await events.next();
      if (done || value === undefined) throw new Error("kindred-train: the run ended by itself.");
      if (value.type === "step") return;
    }
  };
  await next(); // starts the cores; a step at rate 0
  return {
    name: "Kindred",
    measure: async () => {
      await next();
      return pairs;
    },
    close: async () => {
      await events.return();
      await rm(temporary, { recursive: true, force: true });
    },
  };
}
