// npx nx run resident-memory -- --model FOLDER [--cores 2] [--weights float32]: what an encoder takes of the machine's memory, in this process and
// nothing else: its pages in memory once it is loaded, the most on the way there, and once it has encoded texts on every core. Linux only.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chooseEngine } from "@kindred/command-line/node";
import { inspectModel, loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { underChosenNode } from "../node-runtime.mjs";

await underChosenNode();
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
  options: {
    model: { type: "string", default: "" },
    cores: { type: "string", default: "2" },
    weights: { type: "string", default: "float32" },
  },
});
if (values.model === "") {
  console.error("resident-memory: --model is missing. Expected --model FOLDER.");
  process.exit(2);
}
const cores = Number(values.cores);
const choice = /** @type {const} */ ({ backend: "wasm", revectorize: true, devices: 0, products: "float32" });
const engine = await chooseEngine(choice, { where: "resident-memory" });
const { weights } = await inspectModel(values.model);
const before = resident();
const form = /** @type {"float32" | "bfloat16" | "int8"} */ (values.weights);
const encoder = await loadSentenceEncoder(values.model, { cores, engine, weights: form });
const loaded = resident();
const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
const texts = Array.from(
  { length: 400 },
  (_, i) => `${"A cat sat on the mat, and a dog saw it. ".repeat(1 + (i % 4))}${i}`,
);
for (let round = 0; round < 2; round++) await encoder.encode(texts);
const encoded = resident();
await encoder.close();

const mb = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
console.log(
  `Node ${process.versions.node}, ${cores} cores, weights ${form}, ${mb(4 * weights.parameterCount)} as float32`,
);
console.log(
  `before loading ${mb(before)}, loaded ${mb(loaded)} (at most ${mb(peak)} on the way), after encoding ${mb(encoded)}`,
);

/** Bytes of this process that are in memory. */
function resident() {
  return Number(/^Rss:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1]) * 1024;
}
