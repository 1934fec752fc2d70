import { type Loss, lossShare, matryoshka } from "@kindred/loss";
import { l2Normalize } from "@kindred/nn";
import { type Float, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type GoldenCases, goldenLoss, goldenTolerance, isOfOurs } from "../test-support/golden-loss.ts";
import { contrastive } from "./index.ts";

beforeAll(() => tfjs().start());

const has = sharedExists("golden", "losses", "cases.json");
const embeddings = ["golden", "training-tiny", "gradients-float64.safetensors"];

describe.skipIf(!has)("sentence-transformers' losses", () => {
  const golden = has ? readJson<{ cases: GoldenCases }>(sharedPath("golden", "losses", "cases.json")).cases : {};
  const tensors = has ? readGoldenTensors(sharedPath("golden", "losses", "tensors.safetensors")) : new Map();

  function check(name: string, loss: Loss): void {
    const { columns, modelNormalizes, value: expected } = golden[name]!;
    const inputs = columns.map((column) => {
      const { values, shape } = tensors.get(`input.${column}`)!;
      return tf.tensor2d(Float32Array.from(values), shape as [number, number]);
    });
    const tolerance = goldenTolerance(loss);
    const named = Object.fromEntries(columns.map((column, i) => [column, inputs[i]! as Float]));
    const embed = (x: tf.Tensor2D): Float<"batch hidden"> => (modelNormalizes ? l2Normalize(x) : x);
    const { value, gradients } = valueAndGradients(() => lossShare(loss, inputs.map(embed)), named);
    expect(Math.abs(value.dataSync()[0]! - expected)).toBeLessThanOrEqual(tolerance);
    for (const column of columns) {
      const { values, shape } = tensors.get(`${name}.grad.${column}`)!;
      expect(gradients[column]!.dataSync()).toBeCloseToArray(values, { tolerance, shape, axes: "batch hidden" });
    }
    tf.dispose([value, gradients, inputs] as tf.TensorContainer);
  }

  // The cached cases are the same loss through grad-cache: the trainer, which has both, tests them.
  const losses = Object.entries(golden)
    .filter(([name]) => !name.endsWith(".cached3"))
    .map(([name, entry]) => [name, goldenLoss(entry, golden)] as const);
  for (const [name, loss] of losses) {
    test.skipIf(loss === undefined)(`${name}: value and gradients of every column`, () => check(name, loss!));
  }

  test("every MultipleNegativesRanking case without hardness, and Matryoshka over them, is among those tested", () => {
    const tested = losses.filter(([, loss]) => loss !== undefined).map(([name]) => name);
    const inFile = losses.map(([name]) => name).filter((name) => isOfOurs(golden[name]!, golden));
    expect(tested).toEqual(inFile);
    expect(new Set(losses.map(([, loss]) => loss?.name))).toEqual(new Set(["contrastive", "matryoshka", undefined]));
  });

  test("mutants: the other direction, a scale of 20.02, scalar products, and other dimensions and weights are noticed", () => {
    const oneWay = contrastive({ direction: "one-way", equalTexts: "keep" });
    const mutants: readonly (readonly [string, Loss])[] = [
      ["mnrl.1neg", contrastive({ direction: "symmetric", equalTexts: "keep" })],
      ["mnrl.1neg", contrastive({ direction: "one-way", scale: 20.02, equalTexts: "keep" })],
      ["mnrl.1neg", contrastive({ direction: "one-way", similarity: "dot", equalTexts: "keep" })],
      ["mnrl.1neg.all4", contrastive({ directions: ["queryToDoc", "queryToQuery", "docToQuery"], equalTexts: "keep" })],
      ["mnrl.0neg.q2d+d2q.joint", contrastive({ direction: "symmetric", equalTexts: "keep" })],
      ["matryoshka.mnrl.1neg", matryoshka(oneWay, [16, 8, 5])],
      ["matryoshka.mnrl.1neg.weighted", matryoshka(oneWay, [16, 8, 4], [1, 0.5, 0.2501])],
    ];
    for (const [name, mutant] of mutants) expectMutantToFail(() => check(name, mutant));
  });
});

describe.skipIf(!sharedExists(...embeddings))("the original's loss on the tiny model's embeddings", () => {
  test.each([
    ["pairs.symmetric", "pairs", ["0", "1"], "symmetric"],
    ["pairs.oneWay", "pairs", ["0", "1"], "one-way"],
    ["triplets.oneWay", "triplets", ["0", "1", "2"], "one-way"],
  ] as const)("%s", (name, set, columns, direction) => {
    const expected = readJson<{ float64: { [name: string]: { loss: number } } }>(
      sharedPath("golden", "training-tiny", "expected.json"),
    );
    const tensors = readGoldenTensors(sharedPath(...embeddings));
    const loss = tf.tidy(() => {
      const embeddings = columns.map((column) => {
        const { values, shape } = tensors.get(`embeddings.${set}.${column}`)!;
        return tf.tensor2d(Float32Array.from(values), shape as [number, number]);
      });
      return lossShare(contrastive({ direction, equalTexts: "keep" }), embeddings).dataSync()[0]!;
    });
    expect(Math.abs(loss - expected.float64[name]!.loss)).toBeLessThanOrEqual(goldenTolerance(contrastive()));
  });
});
