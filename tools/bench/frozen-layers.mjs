// node tools/bench/frozen-layers.mjs [--rounds 5] [--steps 4] [--cores n]: what a step takes with the embeddings and 10 of 12 layers frozen, against one
// that trains all, in turns. Random weights of all-MiniLM-L12's size, 64 pairs a step of 32 tokens a text.
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
import { clocks, since } from "./clocks.mjs";
import { median } from "./median.mjs";
import { roundOptions } from "./round-options.mjs";

await underChosenNode();
const { rounds, steps, cores } = roundOptions({ rounds: 5, steps: 4 });
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
    /** Seconds of `steps` steps. */
    async run() {
      const from = clocks();
      for (let i = 0; i < steps; i++, step++)
        await runner.run(
          shares.map((share) => ({ step, share, totalRows: pairs })),
          optimizer.numbers(step),
        );
      return since(from);
    },
  };
}

const contestants = [await contestant([]), await contestant(frozen)];
/** @type {ReturnType<typeof since>[][]} by contestant and round */
const times = contestants.map(() => []);
for (let round = 0; round <= rounds; round++)
  for (const [i, { run }] of contestants.entries()) {
    const taken = await run();
    if (round > 0) times[i]?.push(taken); // V8 compiles in the first
  }
for (const { stop } of contestants) await stop();
for (const name of /** @type {const} */ (["elapsed", "processor"])) {
  const [all = 0, some = 0] = times.map((ofOne) => (1000 * median(ofOne.map((taken) => taken[name])).middle) / steps);
  console.log(
    `${name} time of a step: ${all.toFixed(0)} ms, with frozen layers ${some.toFixed(0)} ms (${(some / all).toFixed(2)})`,
  );
}
