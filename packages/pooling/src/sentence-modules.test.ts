import { FormatError } from "@kindred/errors";
import { keyFromSeed } from "@kindred/random";
import { packed, tfjs } from "@kindred/tensor";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { toyDense } from "../test-support/toy-dense.ts";
import {
  endsNormalized,
  moduleConfig,
  moduleSpecs,
  sentenceDimension,
  type SentenceModules,
  sentenceModules,
  sentenceVectors,
  type StoredModule,
  type VectorModule,
} from "./sentence-modules.ts";

beforeAll(() => tfjs().start());

const pooling = { kind: "Pooling", dimension: 12, modes: ["mean"] } as const;
const { layer, weights } = toyDense({ residual: true, outFeatures: 12 });
const parameters = () =>
  Object.fromEntries(weights.map(({ name, shape, values }) => [name, tf.tensor(values, [...shape])]));
const moduleOf: { readonly [kind in VectorModule["kind"]]: VectorModule } = {
  Dense: { kind: "Dense", ...layer },
  Normalize: { kind: "Normalize" },
  Dropout: { kind: "Dropout", rate: 0.5 },
};
const stored = (modules: SentenceModules): StoredModule[] =>
  modules.map((module, i) => ({
    kind: module.kind,
    path: module.kind === "Dense" ? module.path : `${i}`,
    config: moduleConfig(module),
    file: `${i}/config.json`,
  }));

/** Two sentences of three and two tokens through the modules, row after row. */
function vectors(modules: SentenceModules, options: Partial<Parameters<typeof sentenceVectors>[1]> = {}): number[] {
  return tf.tidy(() => {
    const x = tf.tensor2d(floatsFromSeed(7, 5 * 12), [5, 12]);
    const layout = packed([3, 2]);
    return [...sentenceVectors(x, { modules, parameters: parameters(), layout, ...options }).dataSync()];
  });
}

test("modules act in the order in which they stand", () => {
  const [dense, normal] = [moduleOf.Dense, moduleOf.Normalize];
  const orders: VectorModule[][] = [[], [dense], [normal], [dense, normal], [normal, dense], [normal, dense, normal]];
  const results = orders.map((after) => vectors([pooling, ...after]).join());
  expect(new Set(results).size).toBe(orders.length);
  const norms = (values: number[]) => [0, 12].map((start) => Math.hypot(...values.slice(start, start + 12)));
  // A norm is a sum of 12 squares, each rounded by 2⁻²⁴ of itself.
  for (const norm of norms(vectors([pooling, dense, normal]))) expect(Math.abs(norm - 1)).toBeLessThan(1e-6);
  const last = vectors([pooling, normal, dense]);
  expectMutantToFail(() => {
    for (const norm of norms(last)) expect(Math.abs(norm - 1)).toBeLessThan(1e-6);
  });
});

test("two Normalize are as one, and Dropout does nothing without a key", () => {
  const once = vectors([pooling, moduleOf.Normalize]);
  expect(vectors([pooling, moduleOf.Normalize, moduleOf.Normalize])).toBeCloseToArray(once, { tolerance: 2e-7 });
  expect(vectors([pooling, moduleOf.Dropout, moduleOf.Normalize])).toEqual(once);
});

test("with a key Dropout drops entries of whole vectors, the same for a sentence in any chunk of the batch", () => {
  const modules: SentenceModules = [pooling, moduleOf.Dropout];
  const dropout = keyFromSeed(3);
  const [all, plain] = [vectors(modules, { dropout }), vectors(modules)];
  expect(all.every((value, i) => value === 0 || value === Math.fround(2 * (plain[i] ?? 0)))).toBe(true);
  expect(all.filter((value) => value === 0).length).toBeGreaterThan(4);
  const second = tf.tidy(() => {
    const x = tf.tensor2d(floatsFromSeed(7, 5 * 12).slice(36), [2, 12]);
    const layout = packed([2], { numbers: [1] });
    return [...sentenceVectors(x, { modules, parameters: {}, layout, dropout }).dataSync()];
  });
  expect(second).toEqual(all.slice(12));
});

test("a prompt's tokens are left out only where the pooling says so", () => {
  const without: SentenceModules = [{ ...pooling, includePrompt: false }];
  expect(vectors([pooling], { promptLength: 1 })).toEqual(vectors([pooling]));
  expect(vectors(without, { promptLength: 1 })).not.toEqual(vectors([pooling]));
  expect(vectors(without, { promptLength: 0 })).toEqual(vectors([pooling]));
});

test("what is written is read back, whatever the order", () => {
  const after = fc.array(fc.constantFrom(...Object.values(moduleOf)), { maxLength: 5 });
  fc.assert(
    fc.property(after, (others) => {
      const modules: SentenceModules = [pooling, ...others];
      expect(sentenceModules(JSON.parse(JSON.stringify(stored(modules))) as StoredModule[], 12)).toEqual(modules);
      expect(structuredClone(modules)).toEqual(modules);
    }),
  );
});

test("dimension, parameters and whether vectors end with length 1 are known from the list", () => {
  const narrow = { kind: "Dense", ...layer, path: "3_Dense", inFeatures: 24, outFeatures: 5, residual: false } as const;
  const two = { ...pooling, modes: ["cls", "mean"] } as const;
  expect(sentenceDimension([two])).toBe(24);
  expect(sentenceDimension([two, narrow, moduleOf.Normalize])).toBe(5);
  expect(moduleSpecs([two, narrow, moduleOf.Normalize])).toEqual([
    { name: "3_Dense.linear.weight", shape: [5, 24], kind: "matrix" },
    { name: "3_Dense.linear.bias", shape: [5], kind: "shift" },
  ]);
  const ends = (...kinds: VectorModule["kind"][]) => endsNormalized([pooling, ...kinds.map((kind) => moduleOf[kind])]);
  expect([ends(), ends("Normalize"), ends("Normalize", "Dropout"), ends("Normalize", "Dense")]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

const [storedPooling, storedDense] = stored([pooling, moduleOf.Dense]) as [StoredModule, StoredModule];
const denseWith = (change: object): StoredModule[] => [
  storedPooling,
  { ...storedDense, config: { ...storedDense.config, ...change } },
];

test.each<[string, StoredModule[], RegExp]>([
  ["no module", [], /modules\.json: no pooling after the transformer\. Got no module/],
  ["no pooling", [storedDense], /no pooling after the transformer\. Got Dense/],
  ["another kind", [storedPooling, { ...storedDense, kind: "LSTM" }], /Got LSTM, expected Dense, Normalize or Dropout/],
  ["a second pooling", [storedPooling, storedPooling], /Got Pooling, expected Dense/],
  [
    "a dense layer of another width",
    denseWith({ in_features: 7 }),
    /1\/config\.json: Got in_features 7, expected the 12 that come before it/,
  ],
  [
    "an unknown activation",
    denseWith({ activation_function: "torch.nn.ELU" }),
    /1\/config\.json: activation_function does not fit\. Got "torch\.nn\.ELU", expected one of torch\.nn\.modules\.activation\.Tanh/,
  ],
  ["an unknown key of a dense layer", denseWith({ scale: 2 }), /1\/config\.json: scale does not fit/],
  [
    "a rate of 1",
    [storedPooling, { kind: "Dropout", path: "2", config: { dropout: 1 }, file: "2/config.json" }],
    /2\/config\.json: dropout does not fit\. Got 1/,
  ],
])("refuses %s, naming file and key", (_, modules, message) => {
  expect(() => sentenceModules(modules, 12)).toThrow(FormatError);
  expect(() => sentenceModules(modules, 12)).toThrow(message);
});
