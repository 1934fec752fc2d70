import { wasm } from "@kindred/backend-wasm";
import { bert } from "@kindred/bert";
import { initialParameters, type ParameterSpec } from "@kindred/encoder";
import { ShapeError } from "@kindred/errors";
import { mpnet } from "@kindred/mpnet";
import { keyFromSeed } from "@kindred/random";
import { cpu } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { embedSentences } from "./embed-sentences.ts";
import { localEmbedder, packMatrices } from "./local-embedder.ts";

const config = { vocab_size: 50, hidden_size: 32, num_attention_heads: 2, num_hidden_layers: 2, intermediate_size: 64 };
const modules = [{ kind: "Pooling", dimension: 32, modes: ["mean"] }, { kind: "Normalize" }] as const;
const batch = { ids: Int32Array.of(0, 9, 2, 0, 7, 8, 2), starts: Int32Array.of(0, 3, 7) };

function loaded(specs: readonly ParameterSpec[]) {
  const weights = Object.entries(initialParameters(specs, keyFromSeed(1)));
  return Object.fromEntries(
    weights.map(([name, { values, shape }]) => [name, tf.keep(tf.tensor(values, [...shape], "float32"))]),
  );
}

test.each([mpnet, bert].flatMap((family) => [wasm(), cpu()].map((engine) => ({ family, engine, name: engine.name }))))(
  "on $name vectors are the same to the last bit with packed matrices, in as much memory, all of which is freed",
  async ({ family, engine }) => {
    const running = await engine.start();
    const model = { encoder: family.open(config, { file: "config.json" }), modules };
    const before = tf.memory().numTensors;
    const parameters = loaded(model.encoder.specs);
    const { numTensors, numBytes } = tf.memory();
    const plain = tf.tidy(() => embedSentences(parameters, batch, model).dataSync());
    const packed = packMatrices(parameters, model);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    expect(Object.keys(packed)).toEqual(Object.keys(parameters));
    const replaced = Object.keys(packed).filter((name) => packed[name] !== parameters[name]);
    expect(replaced.length).toBe(6 * config.num_hidden_layers);
    expect(replaced.every((name) => packed[name]?.rank === (engine.name === "wasm" ? 3 : 2))).toBe(true);
    tf.dispose(Object.values(packed));

    const embedder = await localEmbedder(engine, async () => loaded(model.encoder.specs), model);
    expect(await embedder.embed({ batch, of: "sentences" })).toEqual(plain);
    await embedder.close();
    expect(tf.memory().numTensors).toBe(before);
    running.stop();
  },
);

test("when a weight cannot be packed, nothing stays allocated", async () => {
  const { stop } = await wasm().start();
  const before = tf.memory().numTensors;
  const encoder = mpnet.open(config, { file: "config.json" });
  const parameters = loaded(encoder.specs);
  const name = "encoder.layer.1.output.dense.weight";
  parameters[name]?.dispose();
  expect(() =>
    packMatrices({ ...parameters, [name]: tf.keep(tf.ones([32, 64], "int32")) }, { encoder, modules }),
  ).toThrow(ShapeError);
  expect(tf.memory().numTensors).toBe(before);
  stop();
});
