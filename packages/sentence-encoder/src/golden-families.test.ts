import { readdirSync } from "node:fs";
import { wasm } from "@kindred/backend-wasm";
import { openModelFolder } from "@kindred/model-folder/node";
import { cpu, toFloat32Array } from "@kindred/tensor";
import { expectMutantToFail, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { embedSentences } from "./embed-sentences.ts";
import { families } from "./families.ts";
import { loadParameters } from "./model-weights.ts";
import { openSentenceModel } from "./sentence-model.ts";

// What Python's sentence-transformers gives for small random models of every family that Kindred has; the vectors of token ids.
const root = ["golden", "families"] as const;
const cases = sharedExists(...root)
  ? readdirSync(sharedPath(...root)).filter((name) => {
      const config = [...root, name, "model", "config.json"] as const;
      if (!sharedExists(...config)) return false;
      const { model_type: type } = readJson<{ model_type: string }>(sharedPath(...config));
      return families.some(({ modelTypes }) => modelTypes.includes(type));
    })
  : [];

type Texts = readonly { readonly [ids: string]: readonly number[] }[];
type Expected = {
  readonly texts: Texts;
  readonly prompts?: { readonly [name: string]: string };
  readonly promptLengths?: { readonly [name: string]: number };
  /** The prompt's text, by what was called: encode(), encode_query(), encode_document(). */
  readonly promptsUsed?: { readonly [call: string]: string };
};

describe.skipIf(cases.length === 0).each([wasm(), cpu()])("on $name", (engine) => {
  test.each(cases)("%s: every vector is Python's", async (name) => {
    const { stop } = await engine.start();
    const folder = await openModelFolder(sharedPath(...root, name, "model"));
    const model = openSentenceModel(folder);
    const parameters = await loadParameters(folder, model);
    const { texts, ...expected } = readJson<Expected>(sharedPath(...root, name, "expected.json"));
    const tensors = readGoldenTensors(sharedPath(...root, name, "expected.safetensors"));
    const vectors = (rows: readonly (readonly number[])[], promptLength: number, modules = model.modules) => {
      let count = 0;
      const starts = Int32Array.from([0, ...rows.map(({ length }) => (count += length))]);
      const batch = { ids: Int32Array.from(rows.flat()), starts, promptLength };
      const result: tf.Tensor = embedSentences(parameters, batch, { encoder: model.encoder, modules });
      const values = toFloat32Array(result);
      result.dispose();
      return values;
    };
    const idsOf = (key: string) => texts.map((text) => text[key] ?? []);
    // 8 times what Python's own float32 strays from its float64, for vectors of length 1, after a dense layer, and of any length.
    const isUnit = model.modules.some(({ kind }) => kind === "Normalize");
    const tolerance = model.modules.some(({ kind }) => kind === "Dense") ? 5e-6 : isUnit ? 1.5e-6 : 5.5e-6;
    const compare = (got: Float32Array, key: string, tolerance: number) => {
      const want = tensors.get(`${key}.float64`);
      if (want === undefined) throw new Error(`the golden file has no ${key}`);
      expect(got, key).toBeCloseToArray(want.values, { tolerance, shape: want.shape });
    };
    compare(vectors(idsOf("ids"), 0, [model.modules[0]]), "pooled", 6e-6);
    compare(vectors(idsOf("ids"), 0), "final", tolerance);
    for (const [call, prompt] of Object.entries(expected.promptsUsed ?? {})) {
      const [used = ""] = Object.entries(expected.prompts ?? {}).find(([, text]) => text === prompt) ?? [];
      const got = vectors(idsOf(`${call}Ids`), expected.promptLengths?.[used] ?? 0);
      compare(got, call, tolerance);
      if (prompt !== "") expectMutantToFail(() => compare(got, "final", tolerance));
    }
    tf.dispose(Object.values(parameters));
    stop();
  });
});
