import { bert } from "@kindred/bert";
import { type EncoderParameters, initialParameters, type JsonObject, linearSpecs } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import type { ModelFiles } from "@kindred/model-folder";
import { keyFromSeed } from "@kindred/random";
import { cpu, packed } from "@kindred/tensor";
import "@kindred/testing";
import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { crossEncoderFromFiles } from "./cross-encoder-from-files.ts";
import { families } from "./families.ts";

const tokens = [
  "<s>",
  "<pad>",
  "</s>",
  "<unk>",
  "[PAD]",
  "[UNK]",
  "[CLS]",
  "[SEP]",
  "[MASK]",
  "cat",
  "sat",
  "##s",
  "<mask>",
];
const bytes = (text: string) => new TextEncoder().encode(text);
const sizes = { vocabulary: tokens.length, hidden: 12, layers: 2, heads: 3, intermediate: 20, paddingId: 1 };

/** A classifier of random weights: its encoder, all its parameters by their stored names, and its files. */
function toyClassifier(type: string, labels: number) {
  const family = families.find(({ modelTypes }) => modelTypes.includes(type));
  if (family === undefined) throw new Error(`no family ${type}`);
  const id2label = Object.fromEntries(Array.from({ length: labels }, (_, i) => [i, `LABEL_${i}`]));
  const config = { ...family.newConfig(sizes), initializer_range: 0.5, id2label };
  const encoder = family.open(config, { file: "config.json" });
  const { classifier } = encoder;
  if (classifier === undefined) throw new Error(`no classifier of ${type}`);
  const head = [
    ...linearSpecs(classifier.dense, { out: sizes.hidden, in: sizes.hidden, deviation: 0.5 }),
    ...linearSpecs(classifier.out, { out: labels, in: sizes.hidden, deviation: 0.5 }),
  ];
  const weights = Object.entries(initialParameters([...encoder.specs, ...head], keyFromSeed(5)));
  for (const [name, { values }] of weights) if (name.endsWith("bias")) values.fill(0.25);
  const files: ModelFiles = {
    "config.json": bytes(JSON.stringify(config)),
    "tokenizer.json": bytes(tokenizerFromVocab(tokens.map((token) => `${token}\n`).join("")).toJson()),
    "tokenizer_config.json": bytes('{"tokenizer_class": "PreTrainedTokenizerFast"}'), // a family's own class may have another model
    "model.safetensors": writeSafetensors(
      weights.map(([name, { shape, values }]) => [name, fromFloat32(values, shape)] as const),
    ),
  };
  return { encoder, classifier, weights: new Map(weights), files };
}

/** y = x·weightᵀ + bias in float64. */
function affine(x: readonly number[], weight: Float32Array, bias: Float32Array): number[] {
  return Array.from(bias, (shift, row) =>
    x.reduce((sum, value, i) => sum + value * (weight[row * x.length + i] ?? 0), shift),
  );
}

const types = ["mpnet", "bert", "distilbert", "roberta", "xlm-roberta", "camembert"];

test.each(types)("%s: logits are the head's two linear maps of the first token's vector", async (type) => {
  const { encoder, classifier, weights, files } = toyClassifier(type, 3);
  const crossEncoder = await crossEncoderFromFiles(files, { engine: cpu() });
  const pairs = [
    ["cat", "cats sat"],
    ["", "sat"],
  ] as const;
  const { scores, labels } = await crossEncoder.predict(pairs);
  expect([labels, crossEncoder.settings.activation]).toEqual([3, "identity"]);
  const { ids, starts, typeIds } = crossEncoder.tokenize(pairs);
  const parameters: EncoderParameters = Object.fromEntries(
    encoder.specs.map(({ name, shape }) => [name, tf.tensor(weights.get(name)?.values ?? [], [...shape])]),
  );
  const layout = packed([starts[1] ?? 0, (starts[2] ?? 0) - (starts[1] ?? 0)]);
  const states = encoder.forward(parameters, { ids, ...(typeIds && { typeIds }) }, { layout }).dataSync();
  const layer = (x: readonly number[], name: string) =>
    affine(
      x,
      weights.get(`${name}.weight`)?.values ?? new Float32Array(),
      weights.get(`${name}.bias`)?.values ?? new Float32Array(),
    );
  const expected = [0, starts[1] ?? 0].flatMap((row) => {
    const first = Array.from(states.slice(row * sizes.hidden, (row + 1) * sizes.hidden));
    const activate = classifier.activation === "tanh" ? Math.tanh : (value: number) => Math.max(value, 0);
    return layer(layer(first, classifier.dense).map(activate), classifier.out);
  });
  // Two sums of 12 products of numbers of size 3 and 0.5, each rounded by 2⁻²⁴ a few times.
  expect(scores).toBeCloseToArray(expected, { tolerance: 1e-5 });
  await crossEncoder.close();
});

test("a head that is missing, or of other labels, is refused by file and tensor", async () => {
  const { files } = toyClassifier("bert", 3);
  const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as object;
  const changed = { ...files, "config.json": bytes(JSON.stringify({ ...config, id2label: { 0: "a" } })) };
  await expect(crossEncoderFromFiles(changed, { engine: cpu() })).rejects.toThrow(
    /model\.safetensors \(classifier\): the tensor linear\.weight does not fit config\.json\. Got \[3,12\], expected \[1,12\]/,
  );
  const distil = toyClassifier("distilbert", 3);
  const mixed = { ...distil.files, "model.safetensors": files["model.safetensors"] ?? new Uint8Array() };
  await expect(crossEncoderFromFiles(mixed, { engine: cpu() })).rejects.toThrow(FormatError);
  const { classifier: _, ...others } = bert.open(config as JsonObject, { file: "config.json" });
  const without = { ...bert, open: () => others };
  await expect(crossEncoderFromFiles(files, { engine: cpu(), families: [without] })).rejects.toThrow(
    'config.json: model_type has no classifiers. Got "bert", expected a family that has.',
  );
  const lookup = { ...files, "config.json": bytes(JSON.stringify({ ...config, model_type: "gpt2" })) };
  await expect(crossEncoderFromFiles(lookup, { engine: cpu() })).rejects.toThrow("model_type is not supported");
});
