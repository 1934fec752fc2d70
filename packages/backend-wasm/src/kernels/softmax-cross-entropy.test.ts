import { softmaxCrossEntropy, sum } from "@kindred/nn";
import { valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { relaxedSimdWorks } from "@kindred/side-module";
import type { KernelVariant } from "../kernel-variant.ts";
import { wasm } from "../wasm.ts";

const variants: readonly KernelVariant[] = relaxedSimdWorks() ? ["simd", "relaxed", "wide"] : ["simd"];
const columns = 6; // four in a vector, and a rest

test.each(variants)(
  "%s: a logit that is no number spoils its row's loss and gradient, and no other's",
  async (variant) => {
    const { stop } = await wasm({ variant }).start();
    for (let column = 0; column < columns; column++) {
      const logits = tf.tensor2d(
        Float32Array.from({ length: 2 * columns }, (_, i) => (i === column ? Number.NaN : i)),
        [2, columns],
      );
      for (const label of [0, columns - 1]) {
        const losses = () => softmaxCrossEntropy(logits, Int32Array.of(label, label));
        const { value, gradients } = valueAndGradients(() => sum(losses()), { logits });
        expect([...losses().dataSync()].map(Number.isNaN)).toEqual([true, false]);
        expect(value.dataSync()[0]).toBeNaN();
        const gradient = Array.from(gradients.logits?.dataSync() ?? [], Number.isNaN);
        expect(gradient.slice(0, columns)).toContain(true);
        expect(gradient.slice(columns)).toEqual(new Array(columns).fill(false));
      }
    }
    stop();
  },
);
