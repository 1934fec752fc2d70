import { add, l2Normalize, matmulTransposed, meanPool, scale, softmaxCrossEntropy, sum } from "@kindred/nn";
import { cpu, type Float, packed, padded, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { mpnet } from "./mpnet.ts";
import { type MpnetConfig, mpnetConfig } from "./mpnet-config.ts";

// What Python transformers computes for a small random model, and torch for its gradients.
const golden = (...parts: string[]) => sharedPath("golden", ...parts);
const texts = () =>
  readJson<{ texts: { ids: number[] }[] }>(golden("mpnet-tiny", "expected.json")).texts.map(({ ids }) => ids);

function model(folder: string): { config: MpnetConfig; parameters: { [name: string]: Float } } {
  const tensors = readGoldenTensors(golden("mpnet-tiny", folder, "model.safetensors"));
  const weights = [...tensors].filter(([, { dtype }]) => dtype === "F32");
  const parameters = weights.map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])] as const);
  const config = mpnetConfig(readJson(golden("mpnet-tiny", folder, "config.json")));
  return { config, parameters: Object.fromEntries(parameters) };
}

function batchOf(rows: readonly (readonly number[])[]) {
  return { ids: Int32Array.from(rows.flat()), layout: packed(rows.map(({ length }) => length)) };
}

const name = (i: number) => String(i).padStart(2, "0");

describe.skipIf(!sharedExists("golden", "mpnet-tiny")).each([cpu(), tfjs()])("on $name", (engine) => {
  // 8 times what the reference's own float32 strays from its float64.
  const tolerance = 1.1e-5;
  // 8 times 1.2e-7, which is that of the sentence vectors, of length 1.
  const vectorTolerance = 1e-6;

  test("embeddings, layers and last hidden states are transformers'", async () => {
    await engine.start();
    const expected = readGoldenTensors(golden("mpnet-tiny", "expected.safetensors"));
    const { config, parameters } = model("model");
    const { ids, layout } = batchOf(texts());
    const { starts, lengths } = layout.data;
    const states: Float32Array[] = [];
    const onHiddenState = (x: Float) => states.push(x.dataSync().slice() as Float32Array);
    mpnet(parameters, ids, { config, layout, onHiddenState });
    let compared = 0;
    for (const i of texts().keys()) {
      for (const [stage, state] of [
        ["embeddingOutput", 0],
        ["layer0", 1],
        ["layer1", 2],
        ["lastHidden", 2],
      ] as const) {
        const want = expected.get(`${name(i)}.${stage}.float64`) ?? expected.get(`${name(i)}.${stage}`);
        if (want === undefined) continue;
        const got = states[state]!.subarray(starts[i]! * 32, (starts[i]! + lengths[i]!) * 32);
        expect(got).toBeCloseToArray(want.values as Float32Array, {
          tolerance,
          shape: want.shape,
          axes: "tokens hidden",
        });
        compared += 1;
      }
    }
    expect(compared).toBe(12 + 2 + 2 + 12);
  });

  test("the padded batch gives the same sentence vectors; without the mask it does not", async () => {
    await engine.start();
    const expected = readGoldenTensors(golden("mpnet-tiny", "expected.safetensors"));
    const { config, parameters } = model("model");
    const ids = Int32Array.from(expected.get("batch.ids")!.values);
    const lengths = texts().map(({ length }) => length);
    const vectors = (lengthsSeen: number[]) => {
      const layout = padded(lengthsSeen, 64);
      return l2Normalize(meanPool(mpnet(parameters, ids, { config, layout }), { layout })).dataSync();
    };
    const want = expected.get("batch.normalized")!.values;
    expect(vectors(lengths)).toBeCloseToArray(want, { tolerance: vectorTolerance, shape: [12, 32] });
    expectMutantToFail(() =>
      expect(vectors(lengths.map(() => 64))).toBeCloseToArray(want, { tolerance: vectorTolerance, shape: [12, 32] }),
    );
  });

  test("a table of 64 buckets works, and its rows from 32 on do not matter", async () => {
    await engine.start();
    const expected = readGoldenTensors(golden("mpnet-tiny", "expected-64-buckets.safetensors"));
    const { config, parameters } = model("model-64-buckets");
    const { ids, layout } = batchOf(texts());
    const vectors = (named: typeof parameters) =>
      l2Normalize(meanPool(mpnet(named, ids, { config, layout }), { layout })).dataSync();
    const got = vectors(parameters);
    const expectTransformers = (vectors: tf.TypedArray) => {
      for (const i of texts().keys()) {
        const want = expected.get(`${name(i)}.normalized`)!.values;
        expect(vectors.subarray(i * 32, (i + 1) * 32)).toBeCloseToArray(want, { tolerance: vectorTolerance });
      }
    };
    expectTransformers(got);
    const table = "encoder.relative_attention_bias.weight";
    const cutAt = (row: number) =>
      tf.concat([tf.slice(parameters[table]!, [0, 0], [row, 4]), tf.fill([64 - row, 4], 9)]);
    expect(vectors({ ...parameters, [table]: cutAt(32) })).toEqual(got);
    // The longest text has 64 tokens; distances of 46 to 63 are in row 29, and nothing is in the two after it.
    expectMutantToFail(() => expectTransformers(vectors({ ...parameters, [table]: cutAt(29) })));
  });

  const goldenGradients = ["golden", "training-tiny", "gradients-float64.safetensors"];
  const gradientTest = test.skipIf(!sharedExists(...goldenGradients));
  gradientTest("the gradient of the symmetric contrastive loss is torch's, weight by weight", async () => {
    await engine.start();
    const expected = readGoldenTensors(sharedPath(...goldenGradients));
    const { pairs, float64 } = readJson<Training>(golden("training-tiny", "expected.json"));
    const { config, parameters } = model("model");
    const columns = pairs.columns.map(({ ids, mask }) =>
      batchOf(ids.map((row, i) => row.filter((_, j) => mask[i]![j] === 1))),
    );
    const loss = () => {
      const [a, b] = columns.map(({ ids, layout }) =>
        l2Normalize(meanPool(mpnet(parameters, ids, { config, layout }), { layout })),
      );
      const labels = Int32Array.from({ length: 8 }, (_, i) => i);
      const half = (x: tf.Tensor, y: tf.Tensor) => {
        const scores = scale(matmulTransposed(x, y), 20);
        return sum(softmaxCrossEntropy(scores, labels));
      };
      return scale(add(half(a!, b!), half(b!, a!)), 1 / 16);
    };
    const { value, gradients } = valueAndGradients(loss, parameters);
    expect(value.dataSync()).toBeCloseToArray([float64["pairs.symmetric"].loss], { tolerance: 1e-5 });
    let compared = 0;
    for (const [weight, gradient] of Object.entries(gradients)) {
      const want = expected.get(`grad.pairs.symmetric.${weight}`)!;
      const largest = Array.from(want.values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      // 8 times the reference's own gap, relative to a tensor's largest entry; attn.k.bias has a true gradient of 0.
      const allowed = weight.endsWith("attn.k.bias") ? 1e-5 : 2.5e-5 * largest;
      expect(gradient!.dataSync(), weight).toBeCloseToArray(want.values, { tolerance: allowed, shape: want.shape });
      compared += 1;
    }
    expect(compared).toBe(Object.keys(parameters).filter((weight) => !weight.startsWith("pooler")).length);
  });
});

type Training = {
  readonly pairs: { readonly columns: readonly { readonly ids: number[][]; readonly mask: number[][] }[] };
  readonly float64: { readonly "pairs.symmetric": { readonly loss: number } };
};
