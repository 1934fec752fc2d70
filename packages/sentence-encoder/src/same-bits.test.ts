import { type KernelVariant, wasm } from "@kindred/backend-wasm";
import { bert } from "@kindred/bert";
import { initialParameters } from "@kindred/encoder";
import { mpnet } from "@kindred/mpnet";
import { weightForms } from "@kindred/nn";
import { type ModelFolder, newModule } from "@kindred/model-folder";
import { keyFromSeed } from "@kindred/random";
import { fromFloat32 } from "@kindred/tensor-files";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { selectSentences, sentenceLengths, type TokenBatch } from "./embed-sentences.ts";
import { sharedWeights } from "./frozen-parameters.ts";
import { loadWeights, localEmbedder } from "./local-embedder.ts";

// The width of a head is that of the real models, and so are the rests that a kernel's blocks leave: widths of 64 · 3 and 64 · 12.
const shapes = [
  { hidden_size: 192, num_attention_heads: 3, intermediate_size: 768 },
  { hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 },
];

const batchOf = (lengths: readonly number[]): TokenBatch => {
  const starts = new Int32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) starts[i + 1] = (starts[i] ?? 0) + length;
  const total = starts[lengths.length] ?? 0;
  return { ids: Int32Array.from({ length: total }, (_, i) => 5 + ((i * 7919) % 40)), starts };
};

const lengths = fc.array(fc.oneof(fc.integer({ min: 2, max: 40 }), fc.constantFrom(1, 2, 15, 16, 17, 63, 64, 65)), {
  minLength: 1,
  maxLength: 12,
});

/** Whether this engine runs the variant: Node 20 has no relaxed SIMD. */
const runs = (variant: KernelVariant) =>
  wasm({ variant })
    .start()
    .then(({ stop }) => stop())
    .then(
      () => true,
      () => false,
    );

const cases = shapes.flatMap((shape) =>
  ([[mpnet, "tensors"], [bert, "tensors"], ...weightForms.map((form) => [mpnet, form] as const)] as const).map(
    ([family, weights]) => {
      const name = `${family.modelTypes[0]} of width ${shape.hidden_size}, its weights ${weights}`;
      return { family, shape, weights, name };
    },
  ),
);

describe.each(["simd", "relaxed", "wide"] as const)("%s kernels", async (variant) => {
  const able = await runs(variant);
  test.skipIf(!able).each(cases)(
    "give a sentence of $name the same bits whatever it is batched with",
    async ({ family, shape, weights }) => {
      const encoder = family.open(
        { vocab_size: 50, num_hidden_layers: 1, max_position_embeddings: 80, ...shape },
        { file: "config.json" },
      );
      const modules = [
        { kind: "Pooling", dimension: shape.hidden_size, modes: ["mean"] },
        { kind: "Normalize" },
      ] as const;
      const model = { encoder, modules };
      const initial = Object.entries(initialParameters(encoder.specs, keyFromSeed(3)));
      const stored = initial.map(([name, { values, shape: sizes }]) => [name, fromFloat32(values, sizes)] as const);
      const [transformer, pooling] = [newModule("Transformer", {}, stored), newModule("Pooling", {})];
      const folder = { modules: [transformer, pooling, newModule("Normalize", {})] } as unknown as ModelFolder; // all that is read
      const load = () =>
        loadWeights(
          folder,
          model,
          weights === "tensors" ? {} : { weights, shared: sharedWeights(model, { shared: weights === "float32" }) },
        );
      const embedder = await localEmbedder(wasm({ variant }), load, model);
      const law = (change: (values: Float32Array) => Float32Array) =>
        fc.assert(
          fc.asyncProperty(lengths, async (list) => {
            const batch = batchOf(list);
            const together = await embedder.embed({ batch, of: "sentences" });
            for (const i of sentenceLengths(batch).keys()) {
              const alone = await embedder.embed({ batch: selectSentences(batch, Int32Array.of(i)), of: "sentences" });
              expect(change(alone)).toEqual(together.slice(i * shape.hidden_size, (i + 1) * shape.hidden_size));
            }
          }),
          { numRuns: shape.hidden_size < 500 ? 15 : 4 },
        );
      try {
        await law((values) => values);
        await expectMutantToFail(() =>
          law((values) => values.map((value, i) => (i === 7 ? value * (1 + 2 ** -23) : value))),
        );
      } finally {
        await embedder.close();
      }
    },
    120_000,
  );
});
