import { lossShare } from "@kindred/loss";
import { tfjs } from "@kindred/tensor";
import { readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { contrastive } from "./index.ts";

beforeAll(() => tfjs().start());

// sentence-transformers' own losses: the trainer, which has all losses and grad-cache, compares them.
const embeddings = ["golden", "training-tiny", "gradients-float64.safetensors"];

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
    // scores of up to 20 are off by some 8 · 2⁻²⁴ of that
    expect(Math.abs(loss - expected.float64[name]!.loss)).toBeLessThanOrEqual(1e-5);
  });
});
