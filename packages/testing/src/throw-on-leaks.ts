import * as tf from "@tensorflow/tfjs-core";

/** From now on tfjs throws whenever a kernel, composites included, leaves memory behind. For `beforeAll`. */
export function throwOnLeaks(): void {
  tf.env().set("IS_TEST", true);
}
