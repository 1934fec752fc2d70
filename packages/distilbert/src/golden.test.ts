import { cpu, tfjs } from "@kindred/tensor";
import { sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { goldenCases } from "../../encoder/test-support/golden-cases.ts";
import { expectGoldenGradients } from "../../encoder/test-support/golden-gradients.ts";
import { expectGoldenStates } from "../../encoder/test-support/golden-states.ts";
import { distilbert } from "./distilbert.ts";

// What Python transformers computes for small random models, and torch for the gradients of one.
const cases = goldenCases([distilbert]);

describe.skipIf(cases.length === 0).each([cpu(), tfjs()])("on $name", (engine) => {
  test.each(cases)("$name: embeddings and layers are transformers'", async ({ family, golden }) => {
    await engine.start();
    // 8 times 1.9e-6, what the reference's own float32 strays from its float64, at entries up to 4.3; two texts, three stages.
    expect(await expectGoldenStates(family, golden, { tolerance: 1.5e-5 })).toBe(6);
  });

  const training = ["golden", "families", "training", "distilbert"] as const;
  test.skipIf(!sharedExists(...training))(
    "the gradient of a contrastive loss is torch's, weight by weight",
    async () => {
      await engine.start();
      const model = sharedPath("golden", "families", "distilbert", "model");
      await expectGoldenGradients(distilbert, { training: sharedPath(...training), model });
    },
  );
});
