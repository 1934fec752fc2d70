import { FormatError } from "@kindred/errors";
import { cpu, packed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { staticEmbedding } from "./static-embedding.ts";

const json = { model_type: "static-embedding", vocab_size: 3, hidden_size: 2 };
const encoder = staticEmbedding.open(json, { file: "config.json" });

test("a token's vector is its row, whatever stands beside it", async () => {
  await cpu().start();
  const parameters = { "embedding.weight": tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]) };
  const states = encoder.forward(parameters, { ids: Int32Array.of(2, 0, 2) }, { layout: packed([2, 1]) });
  expect([...states.dataSync()]).toEqual([5, 6, 1, 2, 5, 6]);
  const none = encoder.forward(parameters, { ids: new Int32Array() }, { layout: packed([0]) });
  expect(none.shape).toEqual([0, 2]);
});

test("is opened again from its own configuration", () => {
  expect(encoder.configJson()).toEqual(json);
  expect(
    staticEmbedding.newConfig({ vocabulary: 3, hidden: 2, layers: 0, heads: 1, intermediate: 1, paddingId: 0 }),
  ).toEqual(json);
  expect(encoder.specs).toEqual([{ name: "embedding.weight", shape: [3, 2], kind: "table", depth: 0 }]);
  expect(() => staticEmbedding.open({ ...json, vocab_size: 0 }, { file: "config.json" })).toThrow(FormatError);
});
