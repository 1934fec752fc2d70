// Compares real weights with Python: `npx nx run parity -- --model FOLDER`, where FOLDER holds all-mpnet-base-v2 or
// all-MiniLM-L6-v2. What sentence-transformers gives for them lies beside the repository, in ../shared (--shared FOLDER for elsewhere).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chooseEngine, engineOptions } from "@kindred/command-line/node";
import { weightForms } from "@kindred/nn";
import { checkOptions, flagName } from "@kindred/options";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { activeEngine } from "@kindred/tensor";
import { root, underChosenNode } from "../node-runtime.mjs";
import { measureLoading } from "./measure-loading.mjs";
import { realDifferences } from "./real-differences.mjs";
import { cosinesTo, stsSpearman } from "./sts-spearman.mjs";

/**
 * 8 times the distance between Python's own float32 and float64 results, as ../shared/golden/README.md has it; of bfloat16 products, whose numbers
 * have 8 bits, 8 times what was seen. And so for the rank correlation: beside what is known of Python's, 7 times what was seen.
 */
const tolerances = { float32: { vectors: 2e-6, spearman: 0 }, bfloat16: { vectors: 1e-2, spearman: 5e-4 } };
/** What weights in fewer bits may cost: rank correlation, of which 0.003 are 0.3 points, and the mean cosine to float32's vectors. */
const [largestLoss, leastMeanCosine] = [0.003, 0.995];
/**
 * Where what Python gives for a real model lies, by its family; and its rank correlation on ../shared/data/stsb/dev.tsv to the
 * digits known, where the folder does not say it.
 */
const references = {
  mpnet: { folder: "real", spearman: 0.88109, within: 5e-6 },
  bert: { folder: "families/real-minilm", spearman: undefined, within: 1e-6 },
};

await underChosenNode();
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
  options: {
    model: { type: "string", default: "" },
    shared: { type: "string", default: join(root, "..", "shared") },
    backend: { type: "string" },
    plugin: { type: "string" },
    products: { type: "string" },
    "skip-sts": { type: "boolean", default: false },
  },
});
if (values.model === "") {
  console.error(
    "parity: --model is missing. Expected --model FOLDER, a folder of all-mpnet-base-v2 or all-MiniLM-L6-v2.",
  );
  process.exit(2);
}
const { backend, plugin, products } = values;
const given = Object.entries({ backend, plugin, products }).filter(([, value]) => value !== undefined);
const choice = checkOptions(engineOptions, { revectorize: false, ...Object.fromEntries(given) }, "parity", {
  named: flagName,
});
const engine = await chooseEngine(choice, { where: "parity" });
const {
  encoder,
  seconds: loadSeconds,
  readSeconds,
  peakRatio,
} = await measureLoading(values.model, () => loadSentenceEncoder(values.model, { cores: 0, engine }));
const reference = encoder.model.encoder.configJson()["model_type"] === "bert" ? references.bert : references.mpnet;
console.log(`Node ${process.versions.node}, ${activeEngine().description}`);
console.log(
  `weights loaded in ${loadSeconds.toFixed(2)} s (${readSeconds.toFixed(2)} s to read the file alone), at a peak of ${peakRatio.toFixed(2)} × their float32 size`,
);

const { vectors: tolerance, spearman: beside } = tolerances[choice.products];
let agrees = true;
const golden = join(values.shared, "golden", reference.folder);
/** @type {{ model: string, versions: { [name: string]: string }, tensors: { [name: string]: string }, sts?: { spearman: number }, sentences: { text: string }[] }} */
const {
  model: name,
  versions,
  tensors,
  sts,
  sentences,
} = JSON.parse(readFileSync(join(golden, "sentences.json"), "utf8"));
console.log(`against ${name}, sentence-transformers ${versions["sentence-transformers"]}, torch ${versions["torch"]}:`);
for (const tensor of Object.keys(tensors)) {
  const maxLength = Number(/^embeddings\.(\d+)$/.exec(tensor)?.[1]);
  if (Number.isNaN(maxLength)) continue;
  const texts = sentences.map(({ text }) => text);
  const { largest, leastCosine } = await realDifferences(encoder, { golden, texts, maxLength });
  agrees &&= largest <= tolerance;
  console.log(
    `  max_seq_length ${maxLength}: ${texts.length} texts, largest difference ${largest.toExponential(2)} (tolerance ${tolerance}), least cosine ${leastCosine.toFixed(9)}`,
  );
}
const pairsFile = join(values.shared, "data", "stsb", "dev.tsv");
if (!values["skip-sts"]) {
  const { spearman, pairs, seconds: stsSeconds, vectors } = await stsSpearman(encoder, pairsFile);
  const pythons = sts?.spearman ?? reference.spearman ?? Number.NaN;
  agrees &&= Math.abs(spearman - pythons) <= reference.within + beside;
  console.log(
    `  STS-B dev: Spearman ${spearman.toFixed(7)} (Python ${Number(pythons.toFixed(7))}), ${pairs} pairs in ${stsSeconds.toFixed(0)} s`,
  );
  for (const weights of choice.backend === "wasm" ? weightForms : []) {
    if (weights === "float32") continue;
    const other = await loadSentenceEncoder(values.model, { cores: 0, engine, weights });
    const kept = await stsSpearman(other, pairsFile);
    await other.close();
    const [loss, cosines] = [spearman - kept.spearman, cosinesTo(kept.vectors, vectors)];
    agrees &&= loss <= largestLoss && cosines.mean >= leastMeanCosine;
    console.log(
      `  weights ${weights}: Spearman ${kept.spearman.toFixed(7)} (${signed(-100 * loss)} points), cosine to float32 ${cosines.mean.toFixed(5)} in the mean, ` +
        `${cosines.least.toFixed(5)} at least, in ${kept.seconds.toFixed(0)} s`,
    );
  }
}
await encoder.close();
console.log(agrees ? "the numbers agree" : "the numbers do NOT agree");
process.exitCode = agrees ? 0 : 1;

/** A number with its sign. @param {number} value */
function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
