import { expectShapes } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import { weightShape } from "./pack-weight.ts";

/** Checks the arguments of a linear map, whose weight may be packed. */
export function expectLinear(
  functionName: string,
  { x, weight, bias }: { readonly x: tf.Tensor; readonly weight: tf.Tensor; readonly bias: tf.Tensor | undefined },
): void {
  const isPacked = weight.rank === 3;
  expectShapes(functionName, {
    x: [x, "tokens in", "float32"],
    weight: [weight, isPacked ? "panels in lanes" : "out in", "float32"],
    bias: [bias, isPacked ? `${weightShape(weight)[0]}` : "out", "float32"],
  });
}
