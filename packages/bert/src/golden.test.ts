import { l2Normalize, meanPool } from "@kindred/nn";
import { cpu, inBlocks, inRows, type Layout, packed, padded, tfjs } from "@kindred/tensor";
import { readGoldenTensors, readJson, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { goldenCases } from "../../encoder/test-support/golden-cases.ts";
import { expectGoldenGradients } from "../../encoder/test-support/golden-gradients.ts";
import { goldenModel } from "../../encoder/test-support/golden-model.ts";
import { expectGoldenStates } from "../../encoder/test-support/golden-states.ts";
import { bert } from "./bert.ts";
import { camembert, roberta, xlmRoberta } from "./roberta.ts";

// What Python transformers computes for small random models, and torch for the gradients of one.
const cases = goldenCases([bert, roberta, xlmRoberta, camembert]);

describe.skipIf(cases.length === 0).each([cpu(), tfjs()])("on $name", (engine) => {
  test.each(cases)("$name: embeddings and layers are transformers'", async ({ family, golden }) => {
    await engine.start();
    // 8 times 1.9e-6, what the reference's own float32 strays from its float64, at entries up to 4.3.
    const compared = await expectGoldenStates(family, golden, { tolerance: 1.5e-5 });
    const stages = [...readGoldenTensors(`${golden}/expected.safetensors`).keys()];
    expect(compared).toBe(stages.filter((key) => /embeddingOutput|layer/.test(key)).length);
    expect(compared).toBeGreaterThan(0);
  });

  test.each([
    { family: bert, set: "families", name: "bert", tolerance: undefined },
    { family: roberta, set: "more-families", name: "roberta", tolerance: 5.4e-5 }, // 8 times 6.7e-6
  ])("$name: the gradient of the symmetric contrastive loss is torch's, weight by weight", async (each) => {
    await engine.start();
    const training = sharedPath("golden", each.set, "training", each.name);
    const model = sharedPath("golden", each.set, each.name, "model");
    await expectGoldenGradients(each.family, { training, model, tolerance: each.tolerance });
  });

  test("packed, padded or in blocks, vectors are Python's; with another epsilon or token type they are not", async () => {
    await engine.start();
    const golden = sharedPath("golden", "families", "bert");
    const want = readGoldenTensors(`${golden}/expected.safetensors`).get("final.float64");
    if (want === undefined) throw new Error("the golden file has no vectors");
    const { texts } = readJson<{ texts: { ids: number[] }[] }>(`${golden}/expected.json`);
    const rows = texts.map(({ ids }) => ids);
    const expectVectors = async (form: Layout["form"], changes = {}, firstType?: number) => {
      const { encoder, parameters } = await goldenModel(bert, `${golden}/model`, changes);
      const lengths = rows.map(({ length }) => length);
      const layout =
        form === "packed"
          ? packed(lengths)
          : form === "padded"
            ? padded(lengths, Math.max(...lengths) + 3)
            : inBlocks(lengths, Math.max(...lengths) + 3);
      const ids = inRows(Int32Array.from(rows.flat()), layout, 9);
      const typeIds = firstType === undefined ? {} : { typeIds: new Int32Array(ids.length).fill(firstType) };
      const vectors = tf.tidy(() =>
        l2Normalize(meanPool(encoder.forward(parameters, { ids, ...typeIds }, { layout }), { layout })).dataSync(),
      );
      tf.dispose(parameters);
      // 8 times 1.8e-7, by which the reference's own float32 strays.
      expect(vectors).toBeCloseToArray(want.values, { tolerance: 1.5e-6, shape: want.shape });
    };
    await expectVectors("packed");
    await expectVectors("padded");
    await expectVectors("blocks");
    await expectVectors("packed", {}, 0);
    for (const mutant of [
      () => expectVectors("packed", { layer_norm_eps: 1e-5 }),
      () => expectVectors("packed", {}, 1),
    ])
      await expect(mutant()).rejects.toThrow();
  });
});
