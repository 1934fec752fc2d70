import { initialParameters } from "@kindred/encoder";
import { sum } from "@kindred/nn";
import { keyFromSeed } from "@kindred/random";
import { type Float, activeEngine, packed, tfjs, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { mpnet } from "./mpnet.ts";

const [hidden, tokens] = [64, 40];

/** Bytes that are held when the forward pass of a model of so many layers has ended. */
function bytesHeld(layers: number, dropout: number): number {
  const config = {
    vocab_size: 50,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    intermediate_size: 4 * hidden,
    max_position_embeddings: 50,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
  };
  const encoder = mpnet.open(config, { file: "config.json" });
  const weights = Object.entries(initialParameters(encoder.specs, keyFromSeed(1)));
  const parameters: { [name: string]: Float } = Object.fromEntries(
    weights.map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
  const ids = Int32Array.from({ length: tokens }, (_, i) => 2 + (i % 40));
  const layout = packed([7, tokens - 7]);
  const before = activeEngine().memory().bytes;
  let held = 0;
  const { value, gradients } = valueAndGradients(() => {
    const states = encoder.forward(parameters, { ids }, dropout > 0 ? { layout, dropout: keyFromSeed(2) } : { layout });
    held = activeEngine().memory().bytes - before;
    return sum(states);
  }, parameters);
  tf.dispose([value, gradients, parameters]);
  return held;
}

test.each([0, 0.1])("with dropout at %d the tape keeps 12 × hidden floats a token and layer", async (dropout) => {
  await tfjs().start();
  const layer = (bytesHeld(3, dropout) - bytesHeld(1, dropout)) / 2;
  // x, q, k, v, what attention gives, that after its linear map, its norm, the wide layer before GELU (4), and what comes of that.
  expect(layer / 4 / tokens / hidden).toBe(12);
});
