import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train, trainConfig } from "@kindred/train";

/**
 * A training run of one step at a time, as kindred-train makes it.
 *
 * @param {object} setup
 * @param {string} setup.folder of the model
 * @param {string} setup.data file of pairs, one batch or more
 * @param {number} setup.pairs of a batch
 * @param {{ readonly [name: string]: unknown }} setup.options what the run is made on
 * @param {import("@kindred/train").TrainOptions} [setup.machine]
 */
export async function startRun({ folder, data, pairs, options, machine = {} }) {
  const temporary = await mkdtemp(join(tmpdir(), "kindred-bench-"));
  const config = trainConfig({
    model: folder,
    data,
    output: join(temporary, "run"),
    batchSize: pairs,
    ...options,
    holdOut: 0,
    duplicates: "allow",
    rowOrder: "file", // the same batches in every pass: none needs a program of its own in the midst of what is timed
    maxSteps: 1_000_000,
    loggingSteps: 1,
    evalSteps: 0,
    saveSteps: 0,
  });
  const events = train(config, machine);
  const next = async () => {
    for (;;) {
      const { value, done } = await events.next();
      if (done || value === undefined) throw new Error("kindred-train: the run ended by itself.");
      if (value.type === "step") return;
    }
  };
  await next(); // starts the cores; a step at rate 0
  return {
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
