import { bert } from "@kindred/bert";
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
  describe.each(families)("of $family.modelTypes", ({ family, training, model }) => {
    const has = sharedExists(...training, "gradients-float64.safetensors") && sharedExists(...model);
    test.skipIf(!has).each(Object.entries(forms))("%s", { timeout: 240_000 }, async (_form, layOut) => {
      await engine.start();
      await expectGoldenGradients(family, { training: sharedPath(...training), model: sharedPath(...model), layOut });
    });
  });
});
