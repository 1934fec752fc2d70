import { l2Normalize, meanPool } from "@kindred/nn";
import { cpu, type Float, padded, tfjs } from "@kindred/tensor";
import { expectMutantToFail, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectGoldenGradients } from "../../encoder/test-support/golden-gradients.ts";
import { goldenModel, packedBatch } from "../../encoder/test-support/golden-model.ts";
import { expectGoldenStates } from "../../encoder/test-support/golden-states.ts";
import { fewestBuckets, mpnet, relativeBucket } from "./mpnet.ts";

// What Python transformers computes for a small random model, and torch for its gradients.
const golden = (...parts: string[]) => sharedPath("golden", "mpnet-tiny", ...parts);
const texts = () => readJson<{ texts: { ids: number[] }[] }>(golden("expected.json")).texts.map(({ ids }) => ids);

const name = (i: number) => String(i).padStart(2, "0");

describe.skipIf(!sharedExists("golden", "mpnet-tiny")).each([cpu(), tfjs()])("on $name", (engine) => {
  // 8 times 1.2e-7, what the reference's own float32 vectors of length 1 stray from its float64.
  const vectorTolerance = 1e-6;

  test("embeddings, layers and last hidden states are transformers'", async () => {
    await engine.start();
    // 8 times what the reference's own float32 strays from its float64.
    const compared = await expectGoldenStates(mpnet, golden(), { tolerance: 1.1e-5 });
    const stages = [...readGoldenTensors(golden("expected.safetensors")).keys()].map((key) =>
      key.replace(".float64", ""),
    );
    expect(compared).toBe(new Set(stages.filter((key) => /embeddingOutput|layer|lastHidden/.test(key))).size);
  });

  test("the padded batch gives the same sentence vectors; without the mask it does not", async () => {
    await engine.start();
    const expected = readGoldenTensors(golden("expected.safetensors"));
    const { encoder, parameters } = await goldenModel(mpnet, golden("model"));
    const [batch, want] = [expected.get("batch.ids"), expected.get("batch.normalized")];
    if (batch === undefined || want === undefined) throw new Error("the golden file has no padded batch");
    const [, seq = 0] = batch.shape;
    const lengths = texts().map(({ length }) => length);
    const expectVectors = (lengthsSeen: number[]) => {
      const layout = padded(lengthsSeen, seq);
      const states = encoder.forward(parameters, { ids: Int32Array.from(batch.values) }, { layout });
      const got = l2Normalize(meanPool(states, { layout })).dataSync();
      expect(got).toBeCloseToArray(want.values, { tolerance: vectorTolerance, shape: want.shape });
    };
    expectVectors(lengths);
    expectMutantToFail(() => expectVectors(lengths.map(() => seq)));
  });

  test("a table of more buckets than 32 works, and its rows from 32 on do not matter", async () => {
    await engine.start();
    const expected = readGoldenTensors(golden("expected-64-buckets.safetensors"));
    const { encoder, parameters } = await goldenModel(mpnet, golden("model-64-buckets"));
    const { ids, layout } = packedBatch(texts());
    const { hidden } = encoder.sizes;
    const vectors = (named: { [name: string]: Float }) =>
      l2Normalize(meanPool(encoder.forward(named, { ids }, { layout }), { layout })).dataSync();
    const got = vectors(parameters);
    const expectTransformers = (vectors: tf.TypedArray) => {
      for (const i of texts().keys()) {
        const want = expected.get(`${name(i)}.normalized`)?.values ?? [];
        expect(vectors.subarray(i * hidden, (i + 1) * hidden)).toBeCloseToArray(want, { tolerance: vectorTolerance });
      }
    };
    expectTransformers(got);
    const table = "encoder.relative_attention_bias.weight";
    const whole: tf.Tensor = parameters[table] ?? tf.zeros([0, 0]);
    const [buckets = 0, heads = 0] = whole.shape;
    const cutAt = (row: number) =>
      tf.concat([tf.slice(whole, [0, 0], [row, heads]), tf.fill([buckets - row, heads], 9)]);
    expect(vectors({ ...parameters, [table]: cutAt(fewestBuckets) })).toEqual(got);
    const farthest = Math.max(...texts().map(({ length }) => length)) - 1;
    expectMutantToFail(() => expectTransformers(vectors({ ...parameters, [table]: cutAt(relativeBucket(farthest)) })));
  });

  const has = sharedExists("golden", "training-tiny", "gradients-float64.safetensors");
  test.skipIf(!has)("the gradient of the symmetric contrastive loss is torch's, weight by weight", async () => {
    await engine.start();
    await expectGoldenGradients(mpnet, { training: sharedPath("golden", "training-tiny"), model: golden("model") });
  });
});

test.skipIf(!sharedExists("golden", "mpnet-tiny"))(
  "refuses the golden model with 8 buckets, takes the one with 64; specs are what Python stores",
  async () => {
    await cpu().start();
    await expect(goldenModel(mpnet, golden("model-8-buckets"))).rejects.toThrow(
      "relative_attention_num_buckets does not fit. Got 8, expected a whole number from 32",
    );
    const { encoder } = await goldenModel(mpnet, golden("model-64-buckets"));
    expect(encoder.configJson()["relative_attention_num_buckets"]).toBe(64);
    const { specs, unused } = (await goldenModel(mpnet, golden("model"))).encoder;
    const { parameters } = readJson<{ parameters: { [name: string]: number[] } }>(golden("expected.json"));
    expect(Object.fromEntries([...specs, ...unused].map(({ name, shape }) => [name, shape]))).toEqual(parameters);
  },
);
