import { join } from "node:path";
import { wasm } from "@kindred/backend-wasm";
import { xla } from "@kindred/backend-xla";
import { openModelFolder } from "@kindred/model-folder/node";
import type { SentenceModules } from "@kindred/pooling";
import { cpu, type Engine, toFloat32Array } from "@kindred/tensor";
import { describePlugins, expectMutantToFail, readGoldenTensors, readJson } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { goldenCases } from "../../encoder/test-support/golden-cases.ts";
import { embedSentences } from "./embed-sentences.ts";
import { families } from "./families.ts";
import { loadParameters } from "./model-weights.ts";
import { loadSentenceEncoder } from "./node/load-sentence-encoder.ts";
import { openSentenceModel } from "./sentence-model.ts";

// What Python's sentence-transformers gives for small random models of every family that Kindred has; the vectors of token ids.
const cases = goldenCases(families);

type Expected = {
  readonly texts: readonly ({ readonly text: string; readonly truncated: boolean } & {
    readonly [ids: `${string}ds`]: readonly number[];
  })[];
  readonly prompts?: { readonly [name: string]: string };
  readonly promptLengths?: { readonly [name: string]: number };
  /** The prompt's text, by what was called: encode(), encode_query(), encode_document(). */
  readonly promptsUsed?: { readonly [call: string]: string };
};

describe.skipIf(cases.length === 0)("of every family", () => {
  describe.each([wasm(), cpu()])("on $name", (engine) => vectorsArePythons(engine, cases));
  const tried = cases.filter(({ name }) => !/xlm|more/.test(name)); // each is compiled
  describePlugins("on XLA", ({ path }) => vectorsArePythons(xla({ plugin: path, cacheFolder: false }), tried));
});

function vectorsArePythons(engine: Engine, cases: ReturnType<typeof goldenCases>): void {
  test.each(cases)(
    "$name: every vector is Python's",
    async ({ golden }) => {
      const { stop } = await engine.start();
      const folder = await openModelFolder(join(golden, "model"));
      const model = openSentenceModel(folder);
      const parameters = await loadParameters(folder, model);
      const { texts, ...expected } = expectedOf(golden);
      const tensors = readGoldenTensors(join(golden, "expected.safetensors"));
      const vectors = (rows: readonly (readonly number[])[], promptLength: number, modules = model.modules) => {
        let count = 0;
        const starts = Int32Array.from([0, ...rows.map(({ length }) => (count += length))]);
        const batch = { ids: Int32Array.from(rows.flat()), starts, promptLength };
        const result: tf.Tensor = embedSentences(parameters, batch, { encoder: model.encoder, modules });
        const values = toFloat32Array(result);
        result.dispose();
        return values;
      };
      const idsOf = (key: `${string}ds`) => texts.map((text) => text[key] ?? []);
      const tolerance = toleranceOf(model.modules);
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
    },
    180_000,
  );

  test.each(cases)(
    "$name: encode, encodeQuery and encodeDocument give Python's vectors of texts, together and one by one",
    async ({ golden }) => {
      await using encoder = await loadSentenceEncoder(join(golden, "model"), { cores: 0, engine });
      const { texts, promptsUsed = { default: "" } } = expectedOf(golden);
      const tensors = readGoldenTensors(join(golden, "expected.safetensors"));
      const calls = { default: "encode", query: "encodeQuery", document: "encodeDocument" } as const;
      for (const call of ["default", "query", "document"] as const) {
        if (promptsUsed[call] === undefined) continue;
        const want = (tensors.get(`${call}.float64`) ?? tensors.get("final.float64"))?.values ?? [];
        const given = texts.map(({ text }) => text);
        const { embeddings, dimension, truncated } = await encoder[calls[call]](given, { maxBatchTokens: 200 });
        const tolerance = toleranceOf(encoder.model.modules);
        expect(embeddings, call).toBeCloseToArray(want, { tolerance, shape: [texts.length, dimension] });
        if (promptsUsed[call] === "")
          expect(truncated).toEqual(texts.flatMap(({ truncated }, i) => (truncated ? [i] : [])));
        const [fifth = ""] = given.slice(5);
        const alone = await encoder[calls[call]](fifth);
        expect(alone.embeddings).toBeCloseToArray(want.slice(5 * dimension, 6 * dimension), { tolerance });
      }
    },
    180_000,
  );
}

function expectedOf(golden: string): Expected {
  return readJson<Expected>(join(golden, "expected.json"));
}

/** 8 times what Python's own float32 strays from its float64, for vectors of length 1, after a dense layer, and of any length. */
function toleranceOf(modules: SentenceModules): number {
  if (modules.some(({ kind }) => kind === "Dense")) return 5e-6;
  return modules.some(({ kind }) => kind === "Normalize") ? 1.5e-6 : 5.5e-6;
}
