import { join } from "node:path";
import { readGoldenTensors, readJson } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { EncoderFamily, JsonObject } from "../src/encoder-family.ts";
import { goldenModel, packedBatch } from "./golden-model.ts";

/**
 * Compares hidden states of the texts of `golden/expected.json` with transformers': the embeddings and each layer's, where
 * `expected.safetensors` has them, by opening the model with fewer layers.
 *
 * @param golden folder of what transformers gave, the model in `model/`
 * @returns how many stages of how many texts were compared
 */
export async function expectGoldenStates(
  family: EncoderFamily,
  golden: string,
  { tolerance }: { readonly tolerance: number },
): Promise<number> {
  const expected = readGoldenTensors(join(golden, "expected.safetensors"));
  const { texts } = readJson<{ texts: { ids: number[] }[] }>(join(golden, "expected.json"));
  const { ids, layout } = packedBatch(texts.map((text) => text.ids));
  const file = join(golden, "model", "config.json");
  const whole = family.open(readJson<JsonObject>(file), { file });
  const { layers = 0 } = whole.sizes;
  let compared = 0;
  for (let count = 0; count <= layers; count++) {
    const { encoder, parameters } = await goldenModel(
      family,
      join(golden, "model"),
      whole.configJson({ layers: count }),
    );
    const y = encoder.forward(parameters, { ids }, { layout });
    const states = Float32Array.from(y.dataSync());
    const { hidden } = encoder.sizes;
    const stages = [count === 0 ? "embeddingOutput" : `layer${count - 1}`, ...(count === layers ? ["lastHidden"] : [])];
    for (const i of texts.keys()) {
      for (const stage of stages) {
        const name = `${String(i).padStart(2, "0")}.${stage}`;
        const want = expected.get(`${name}.float64`) ?? expected.get(name);
        if (want === undefined) continue;
        const start = (layout.data.starts[i] ?? 0) * hidden;
        const got = states.subarray(start, start + (layout.data.lengths[i] ?? 0) * hidden);
        expect(got, name).toBeCloseToArray(want.values, { tolerance, shape: want.shape, axes: "tokens hidden" });
        compared += 1;
      }
    }
    tf.dispose([y, parameters] as tf.TensorContainer);
  }
  return compared;
}
