// node tools/bench/frozen-layers.mjs [--rounds 5] [--steps 4] [--cores n]: what a step takes with the embeddings and 10 of 12 layers frozen, against one
// that trains all, in turns. Random weights of all-MiniLM-L12's size, 64 pairs a step of 32 tokens a text.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { wasm } from "@kindred/backend-wasm";
import { keyFromSeed, integerAt } from "@kindred/random";
import { toyVocabulary } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import {
  dealBatch,
  newModel,
  trainConfig,
  trainingCoreModule,
  trainingOptimizer,
  trainingSteps,
} from "@kindred/trainer";
import { startStepRunner } from "@kindred/tpu-sharding/node";
import { underChosenNode } from "../node-runtime.mjs";
import { median } from "./median.mjs";

await underChosenNode();
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
  options: {
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "4" },
    cores: { type: "string", default: `${availableParallelism()}` },
  },
});
const [rounds, steps, cores] = [Number(values.rounds), Number(values.steps), Number(values.cores)];
const [pairs, length] = [64, 32];
const size = { hiddenSize: 384, numHiddenLayers: 12, numAttentionHeads: 12, intermediateSize: 1536, maxSeqLength: 128 };
// The position bias belongs to all layers: trained, it would have a gradient through each of them.
const frozen = ["embeddings.*", "encoder.relative_attention_bias.weight"];
for (let layer = 0; layer < 10; layer++) frozen.push(`encoder.layer.${layer}.*`);

const key = keyFromSeed("frozen layers");
const tokens = [0, 1].map((column) => ({
  ids: Int32Array.from({ length: pairs * length }, (_, i) => integerAt(key, column * pairs * length + i, 30)),
  starts: Int32Array.from({ length: pairs + 1 }, (_, row) => row * length),
}));
const rows = Array.from({ length: pairs }, (_, row) => ({ texts: [`question ${row}`, `answer ${row}`] }));
const shares = dealBatch(rows, tokens, { cores, loss: { name: "contrastive", needs: { textIds: true } } });

/** @param {readonly string[]} freeze */
async function contestant(freeze) {
  const config = trainConfig({ ...size, cores, freeze, maxBatchTokens: 8192 });
  const model = newModel(config, tokenizerFromVocab(toyVocabulary));
  const options = trainingSteps(config, model, { engine: wasm() });
  const optimizer = trainingOptimizer(config, {}, options.specs);
  const runner = await startStepRunner({ ...options, cores, program: trainingCoreModule() });
  let step = 0;
  return {
    stop: () => runner.stop(),
    /** Milliseconds of elapsed and of processor time a step. */
    async run() {
      const [from, before] = [performance.now(), process.cpuUsage()];
      for (let i = 0; i < steps; i++, step++)
        await runner.run(
          shares.map((share) => ({ step, share, totalRows: pairs })),
          optimizer.numbers(step),
        );
      const { user, system } = process.cpuUsage(before);
      return [(performance.now() - from) / steps, (user + system) / 1000 / steps];
    },
  };
}

const contestants = [await contestant([]), await contestant(frozen)];
/** @type {number[][][]} by contestant and round */
const times = contestants.map(() => []);
for (let round = 0; round <= rounds; round++)
  for (const [i, { run }] of contestants.entries()) {
    const taken = await run();
    if (round > 0) times[i]?.push(taken); // V8 compiles in the first
  }
for (const { stop } of contestants) await stop();
for (const [kind, name] of ["elapsed", "processor"].entries()) {
  const [all = 0, some = 0] = times.map((ofOne) => median(ofOne.map((taken) => taken[kind] ?? 0)).middle);
  console.log(
    `${name} time of a step: ${all.toFixed(0)} ms, with frozen layers ${some.toFixed(0)} ms (${(some / all).toFixed(2)})`,
  );
}
