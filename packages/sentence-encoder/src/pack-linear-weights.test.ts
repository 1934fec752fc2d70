import { ShapeError } from "@kindred/errors";
import { wasm } from "@kindred/backend-wasm";
import { cpu } from "@kindred/tensor";
import { initialParameters, mpnetConfig } from "@kindred/mpnet";
import { poolingFromConfig } from "@kindred/pooling";
import { keyFromSeed } from "@kindred/random";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { embedSentences, type ModelParameters } from "./embed-sentences.ts";
import { localEmbedder } from "./local-embedder.ts";
import { packLinearWeights } from "./pack-linear-weights.ts";

const config = mpnetConfig({
  model_type: "mpnet",
  vocab_size: 50,
  hidden_size: 32,
  num_attention_heads: 2,
  num_hidden_layers: 2,
  intermediate_size: 64,
});
const pooling = poolingFromConfig({ word_embedding_dimension: 32, pooling_mode_mean_tokens: true });
const settings = { config, pooling, normalize: true };
const batch = { ids: Int32Array.of(0, 9, 2, 0, 7, 8, 2), starts: Int32Array.of(0, 3, 7) };

function loaded(): ModelParameters {
  const weights = Object.entries(initialParameters(config, keyFromSeed(1)));
  return Object.fromEntries(
    weights.map(([name, { values, shape }]) => [name, tf.keep(tf.tensor(values, [...shape], "float32"))]),
  );
}

test.each([wasm(), cpu()])(
  "on $name vectors are the same to the last bit, in as much memory, all of which is freed",
  async (engine) => {
    const running = await engine.start();
    const before = tf.memory().numTensors;
    const parameters = loaded();
    const { numTensors, numBytes } = tf.memory();
    const plain = tf.tidy(() => embedSentences(parameters, batch, settings).dataSync());
    const packed = packLinearWeights(parameters);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    expect(Object.keys(packed)).toEqual(Object.keys(parameters));
    const replaced = Object.keys(packed).filter((name) => packed[name] !== parameters[name]);
    expect(replaced.length).toBe(6 * config.numHiddenLayers);
    expect(replaced.every((name) => packed[name]!.rank === (engine.name === "wasm" ? 3 : 2))).toBe(true);
    tf.dispose(Object.values(packed));

    const embedder = await localEmbedder(engine, async () => loaded(), settings);
    expect(await embedder.embed([batch])).toEqual([plain]);
    await embedder.close();
    expect(tf.memory().numTensors).toBe(before);
    running.stop();
  },
);

test("when a weight cannot be packed, nothing stays allocated", async () => {
  const { stop } = await wasm().start();
  const before = tf.memory().numTensors;
  const matrix = (dtype: "float32" | "int32") => tf.keep(tf.ones([16, 2], dtype)) as tf.Tensor;
  const bias = () => tf.keep(tf.ones([16])) as tf.Tensor;
  const parameters = { "a.weight": matrix("float32"), "a.bias": bias(), "b.weight": matrix("int32"), "b.bias": bias() };
  expect(() => packLinearWeights(parameters)).toThrow(ShapeError);
  expect(tf.memory().numTensors).toBe(before);
  stop();
});
