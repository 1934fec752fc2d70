// A step of AdamW over one large parameter.
import { adamw, applyUpdates, constantSchedule } from "@kindred/adamw";
import { childKey, keyFromSeed, normal } from "@kindred/random";

/** Bytes that a step must move for a parameter: weight, gradient and two moments read, weight and moments written, float32 each. */
export const bytesOfParameter = 28;

/** @type {import("../contestant.mjs").Enter<{ parameters: number, flavour: "hf" | "torch" }>} */
export default function enter({ parameters, flavour }) {
  const key = keyFromSeed("adamw");
  const optimizer = adamw({ learningRate: constantSchedule({ learningRate: 1e-5 }), flavour });
  const weights = { weight: normal(childKey(key, "weight"), parameters, { standardDeviation: 0.02 }) };
  const gradients = { weight: normal(childKey(key, "gradient"), parameters, { standardDeviation: 1e-3 }) };
  const state = optimizer.init(weights);
  return {
    name: `Kindred, ${flavour}`,
    measure: () => {
      applyUpdates(weights, optimizer.update(gradients, state, weights));
      return (parameters * bytesOfParameter) / 1e9;
    },
  };
}
