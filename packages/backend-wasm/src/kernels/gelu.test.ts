import { gelu } from "@kindred/nn";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { relaxedSimdWorks } from "@kindred/side-module";
import { wasm } from "../wasm.ts";

/** Φ(x) for x ≤ 0, from the series of ½ − Φ, or from the asymptotic one of the tail where that has cancelled. */
function cdf(x: number): number {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (x < -6) {
    let [sum, term] = [1, 1];
    for (let n = 1; n < 15; n++) {
      term *= -(2 * n - 1) / (x * x);
      sum += term;
    }
    return (density / -x) * sum;
  }
  let [sum, term] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + density * sum;
}

test.each(["simd", "relaxed"] as const)(
  "GELU of the %s kernel keeps its digits far down the negative tail",
  async (variant) => {
    if (variant === "relaxed" && !relaxedSimdWorks()) return;
    const kernels = await wasm({ variant }).start();
    const x = Float32Array.from({ length: 12001 }, (_, i) => -i / 1000);
    const y = tf.tidy(() => gelu(tf.tensor1d(x)).dataSync());
    for (const [i, value] of x.entries()) {
      const wanted = value * cdf(value);
      // Φ to 1.1e-7 of itself and a rounding of x²/2, which the exponential multiplies by x²/2.
      const tolerance = Math.abs(wanted) * (4e-7 + 1.2e-7 * value * value) + 1e-37;
      expect(Math.abs(y[i]! - wanted), `gelu(${value})`).toBeLessThanOrEqual(tolerance);
    }
    const extremes = [0, 40, -40, 1e30, -1e30, Infinity, -Infinity];
    const far = tf.tidy(() => gelu(tf.tensor1d(extremes)).dataSync());
    for (const [i, value] of extremes.entries()) {
      const wanted = Math.max(0, Math.fround(value));
      if (value === Infinity) expect(far[i]).toBe(Infinity);
      else expect(Math.abs(far[i]! - wanted)).toBeLessThan(1e-36);
    }
    kernels.stop();
  },
);
