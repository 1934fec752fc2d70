import { defineOp, expectShapes, type Float, type Layout, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import { expectLayout } from "./expect-layout.ts";
import { meanWeights } from "./mean-weights.ts";
import { weightedPoolGradientOp } from "./weighted-pool-gradient.ts";
import { sumSentences } from "./sum-sentences.ts";

/** What a pooling op must be told. */
export type PoolOptions = {
  /** Which rows are which sentence's. */
  readonly layout: Layout;
};

/** {@link meanPool} as an op that a backend may implement. */
export const meanPoolOp = defineOp<{ x: Float<"tokens hidden"> }, LayoutData, LayoutFixed, Float<"batch hidden">>({
  name: "KindredMeanPool",
  check: ({ x }, _, fixed) => {
    expectShapes("meanPool", { x: [x, "tokens hidden", "float32"] });
    expectLayout("meanPool", x, fixed);
  },
  composite: ({ x }, data, fixed) => sumSentences(x, meanWeights(data, fixed), data, fixed),
  gradient: (dy, _saved, data, fixed) => ({ x: () => weightedPoolGradientOp({ dy }, data, fixed) }),
});

/**
 * The mean of every sentence's rows: y[sentence] = (1/length)·Σ x[token] over its tokens.
 *
 * Rows of padding are not read, whatever they hold. A sentence of no tokens gives zeros.
 *
 * @throws ShapeError when the layout does not number x's rows
 * @see Reimers, Gurevych, "Sentence-BERT", 2019, section 3 (MEAN)
 *
 * @example
 * ```ts
 * import { meanPool } from "@kindred/nn";
 * import { packedLayout, startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * const x = tf.tensor2d([[1, 2], [3, 4], [7, 9]]);
 * meanPool(x, { layout: packedLayout([0, 2, 3]) }).dataSync(); // => [2, 3, 7, 9]
 * ```
 */
export function meanPool(x: Float<"tokens hidden">, { layout }: PoolOptions): Float<"batch hidden"> {
  return meanPoolOp({ x }, layout.data, layout.fixed);
}
