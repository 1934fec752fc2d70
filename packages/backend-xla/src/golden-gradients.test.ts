import { bert, roberta } from "@kindred/bert";
import { distilbert } from "@kindred/distilbert";
import { mpnet } from "@kindred/mpnet";
import { inBlocks, type Layout, packed, padded } from "@kindred/tensor";
import { describePlugins, sharedExists, sharedPath } from "@kindred/testing";
import { describe, test } from "vitest";
import { expectGoldenGradients } from "../../encoder/test-support/golden-gradients.ts";
import { xla } from "./xla.ts";

const families = [
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
  },
  {
    family: roberta,
    training: ["golden", "more-families", "training", "roberta"],
    model: ["golden", "more-families", "roberta", "model"],
    tolerance: 5.4e-5, // 8 times 6.7e-6
  },
] as const;

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
  describe.each(families)("of $family.modelTypes", ({ family, training, model, ...rest }) => {
    const has = ["float64", "rounded"].some((form) => sharedExists(...training, `gradients-${form}.safetensors`));
    test.skipIf(!has || !sharedExists(...model)).each(Object.entries(forms))("%s", { timeout: 240_000 }, async (_form, layOut) => {
      await engine.start();
      const tolerance = "tolerance" in rest ? rest.tolerance : undefined;
      const folders = { training: sharedPath(...training), model: sharedPath(...model) };
      await expectGoldenGradients(family, { ...folders, layOut, tolerance });
    });
  });
});
