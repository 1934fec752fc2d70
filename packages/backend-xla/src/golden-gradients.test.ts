import { bert, roberta } from "@kindred/bert";
import { distilbert } from "@kindred/distilbert";
import type { EncoderFamily } from "@kindred/encoder";
import { mpnet } from "@kindred/mpnet";
import { inBlocks, type Layout, packed, padded } from "@kindred/tensor";
import { describePlugins, sharedExists, sharedPath } from "@kindred/testing";
import { describe, test } from "vitest";
import { expectGoldenGradients } from "../../encoder/test-support/golden-gradients.ts";
import { xla } from "./xla.ts";

/** A family, what torch gave for it, and in which forms a batch is tried; all, where none is named. */
type Case = {
  readonly family: EncoderFamily;
  readonly training: readonly string[];
  readonly model: readonly string[];
  readonly tolerance?: number;
  readonly only?: Layout["form"];
};

const families: readonly Case[] = [
  { family: mpnet, training: ["golden", "training-tiny"], model: ["golden", "mpnet-tiny", "model"] },
  {
    family: bert,
    training: ["golden", "families", "training", "bert"],
    model: ["golden", "families", "bert", "model"],
  },
  {
    family: distilbert,
    training: ["golden", "families", "training", "distilbert"],
    model: ["golden", "families", "distilbert", "model"],
    only: "blocks",
  },
  {
    family: roberta,
    training: ["golden", "more-families", "training", "roberta"],
    model: ["golden", "more-families", "roberta", "model"],
    tolerance: 5.4e-5, // 8 times 6.7e-6
    only: "blocks",
  },
];

/** No sentence of the golden batches is longer. */
const longest = 40;
const forms: { readonly [form in Layout["form"]]: (lengths: Int32Array) => Layout } = {
  packed,
  padded: (lengths) => padded(lengths, longest),
  blocks: (lengths) => inBlocks(lengths, longest),
};

// What torch gives in float64 for the symmetric loss of a batch of pairs, and its gradient by every weight.
describePlugins("golden gradients on XLA", ({ path }) => {
  const engine = xla({ plugin: path, cacheFolder: false });
  describe.each(families)("of $family.modelTypes", ({ family, training, model, tolerance, only }) => {
    const has = ["float64", "rounded"].some((form) => sharedExists(...training, `gradients-${form}.safetensors`));
    const tried = Object.entries(forms).filter(([form]) => only === undefined || form === only);
    test.skipIf(!has || !sharedExists(...model)).each(tried)("%s", { timeout: 240_000 }, async (_form, layOut) => {
      await engine.start();
      const folders = { training: sharedPath(...training), model: sharedPath(...model) };
      await expectGoldenGradients(family, { ...folders, layOut, tolerance });
    });
  });
});
