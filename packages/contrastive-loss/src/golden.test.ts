import { l2Normalize } from "@kindred/nn";
import { type Float, startBackend, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { goldenOptions } from "../test-support/golden-options.ts";
import { type ContrastiveLossOptions, contrastiveLoss } from "./index.ts";

beforeAll(() => startBackend("wasm"));

const has = sharedExists("golden", "losses", "cases.json") && sharedExists("golden", "training-tiny", "expected.json");

type Case = {
  readonly loss: string;
  readonly columns: readonly string[];
  readonly options: { readonly [name: string]: unknown };
  readonly modelNormalizes: boolean;
  readonly value: number;
};

/** Our options for a case of sentence-transformers; undefined if Kindred has no such loss. */
function optionsOf({ loss, options }: Case): ContrastiveLossOptions | undefined {
  if (loss === "MultipleNegativesSymmetricRankingLoss") return { direction: "symmetric" };
  return loss === "MultipleNegativesRankingLoss" ? goldenOptions(options) : undefined;
}

/**
 * The golden values are float64; here scores, of up to the scale (a dot product of up to 20), are float32: off by some 8 · 2^-24 · 20
 * = 1e-5, and gradients (scale · probability · a cosine's slope) by as much of their size.
 */
const toleranceOf = ({ scale = 20 }: ContrastiveLossOptions) => 5e-7 * Math.max(20, scale);

describe.skipIf(!has)("sentence-transformers' losses", () => {
  const golden = has
    ? readJson<{ cases: { [name: string]: Case } }>(sharedPath("golden", "losses", "cases.json")).cases
    : {};
  const tensors = has ? readGoldenTensors(sharedPath("golden", "losses", "tensors.safetensors")) : new Map();

  function check(name: string, options: ContrastiveLossOptions): void {
    const { columns, modelNormalizes, value: expected } = golden[name]!;
    const inputs = columns.map((column) => {
      const { values, shape } = tensors.get(`input.${column}`)!;
      return tf.tensor2d(Float32Array.from(values), shape as [number, number]);
    });
    const tolerance = toleranceOf(options);
    const named = Object.fromEntries(columns.map((column, i) => [column, inputs[i]! as Float]));
    const embed = (x: tf.Tensor2D): Float<"batch hidden"> => (modelNormalizes ? l2Normalize(x) : x);
    const { value, gradients } = valueAndGradients(() => contrastiveLoss(inputs.map(embed), options), named);
    expect(Math.abs(value.dataSync()[0]! - expected)).toBeLessThanOrEqual(tolerance);
    for (const column of columns) {
      const { values, shape } = tensors.get(`${name}.grad.${column}`)!;
      expect(gradients[column]!.dataSync()).toBeCloseToArray(values, { tolerance, shape, axes: "batch hidden" });
    }
    tf.dispose([value, gradients, inputs] as tf.TensorContainer);
  }

  // The cached cases are the same loss through grad-cache: the trainer, which has both, tests them.
  for (const [name, entry] of Object.entries(golden).filter(([name]) => !name.endsWith(".cached3"))) {
    const options = optionsOf(entry);
    test.skipIf(options === undefined)(`${name}: value and gradients of every column`, () => check(name, options!));
  }

  test("every MultipleNegativesRanking case without hardness is among those tested", () => {
    const tested = Object.values(golden).filter((entry) => optionsOf(entry) !== undefined);
    expect(tested).toHaveLength(16);
  });

  test("mutants: the other direction, a scale of 20.02, and scalar products are noticed", () => {
    expectMutantToFail(() => check("mnrl.1neg", { direction: "symmetric" }));
    expectMutantToFail(() => check("mnrl.1neg", { direction: "one-way", scale: 20.02 }));
    expectMutantToFail(() => check("mnrl.1neg", { direction: "one-way", similarity: "dot" }));
    expectMutantToFail(() => check("mnrl.1neg.all4", { directions: ["queryToDoc", "queryToQuery", "docToQuery"] }));
    expectMutantToFail(() => check("mnrl.0neg.q2d+d2q.joint", { direction: "symmetric" }));
  });
});

describe.skipIf(!has)("the original's loss on the tiny model's embeddings", () => {
  test.each([
    ["pairs.symmetric", "pairs", ["0", "1"], "symmetric"],
    ["pairs.oneWay", "pairs", ["0", "1"], "one-way"],
    ["triplets.oneWay", "triplets", ["0", "1", "2"], "one-way"],
  ] as const)("%s", (name, set, columns, direction) => {
    const expected = readJson<{ float64: { [name: string]: { loss: number } } }>(
      sharedPath("golden", "training-tiny", "expected.json"),
    );
    const tensors = readGoldenTensors(sharedPath("golden", "training-tiny", "gradients-float64.safetensors"));
    const loss = tf.tidy(() => {
      const embeddings = columns.map((column) => {
        const { values, shape } = tensors.get(`embeddings.${set}.${column}`)!;
        return tf.tensor2d(Float32Array.from(values), shape as [number, number]);
      });
      return contrastiveLoss(embeddings, { direction }).dataSync()[0]!;
    });
    expect(Math.abs(loss - expected.float64[name]!.loss)).toBeLessThanOrEqual(toleranceOf({}));
  });
});
