import { ShapeError } from "@kindred/errors";
import { dropoutThreshold, type Key, threefryInto } from "@kindred/random";
import {
  defineOp,
  expectShapes,
  type Float,
  type Layout,
  type LayoutData,
  type LayoutFixed,
  sentencesOf,
} from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectLayout } from "./expect-layout.ts";

/** What dropout must be told. */
export type DropoutOptions = {
  /** The share of elements to drop, from 0 up to, not including, 1. */
  readonly rate: number;
  /** Belongs to one use alone: a step, a column of the data, and a site in the model. */
  readonly key: Key;
  /** Says which sentence and position a row is. Its `numbers` are those of the sentences in the global batch. */
  readonly layout: Layout;
};

/** What changes with each batch: the layout's part, and the key's two words. */
export type DropoutData = LayoutData & { readonly key: Uint32Array };

/** What does not. */
export type DropoutFixed = LayoutFixed & { readonly rate: number };

/** {@link dropout} as an op that a backend may implement. */
export const dropoutOp = defineOp<{ x: Float }, DropoutData, DropoutFixed, Float>({
  name: "KindredDropout",
  check: ({ x }, _, fixed) => {
    const { hidden } = expectShapes("dropout", { x: [x, "tokens hidden", "float32"] });
    expectLayout("dropout", x, fixed);
    dropoutThreshold(fixed.rate); // refuses a bad rate
    expectCountable(hidden, fixed);
  },
  composite: ({ x }, data, fixed) => tf.mul(x, dropoutMask(data, fixed, x.shape[1] ?? 0)),
  // The mask is drawn again: cheaper than to keep it for the backward pass.
  gradient: (dy, _saved, data, fixed) => ({ x: (): Float => dropoutOp({ x: dy }, data, fixed) }),
});

function expectCountable(hidden: number, { longest }: LayoutFixed): void {
  if (hidden <= 65536 && longest <= 65536) return;
  throw new ShapeError(
    `dropout: too large for dropout's counter. Got ${hidden} features, sentences of up to ${longest} tokens, expected at most ` +
      "65536 of each. Cut longer texts.",
    { hidden, longest },
  );
}

/** 1/(1 − rate) where an element is kept, 0 where it is dropped and in rows of padding. */
function dropoutMask(data: DropoutData, { rate, rows }: DropoutFixed, hidden: number): tf.Tensor2D {
  const mask = new Float32Array(rows * hidden);
  const [threshold, kept] = [dropoutThreshold(rate), 1 / (1 - rate)];
  const [key0 = 0, key1 = 0] = data.key;
  const words = new Uint32Array(2);
  for (const { start, length, number } of sentencesOf(data)) {
    for (let position = 0; position < length; position++) {
      const at = (start + position) * hidden;
      for (let feature = 0; feature < hidden; feature++) {
        // The counter of `dropoutCounter`, inline.
        threefryInto(words, key0, key1, number, (position * 65536 + feature) >>> 0);
        if ((words[0] ?? 0) >= threshold) mask[at + feature] = kept;
      }
    }
  }
  return tf.tensor2d(mask, [rows, hidden]);
}

/**
 * Random elements set to zero, the others scaled by 1/(1 − rate) so that the expectation stays.
 *
 * Which ones is a function of key and of (global sentence, position, feature) alone, as `dropoutKeep` of `@kindred/random` lays
 * down: any chunk, order, packing, padding or shard drops the same elements. Rows of padding become 0. Unlike PyTorch's dropout
 * there is no generator with a state: the same key gives the same mask, so each site of a model needs a key of its own.
 *
 * @throws ShapeError when the layout is not x's, or x has more than 65,536 features
 * @throws ConfigError when the rate is outside [0, 1)
 * @see Srivastava et al., "Dropout", JMLR 15, 2014, section 4; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011
 *
 * @example
 * ```ts
 * import { dropout } from "@kindred/nn";
 * import { keyFromSeed } from "@kindred/random";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.ones<tf.Rank.R2>([2, 4]);
 * const y = dropout(x, { rate: 0.5, key: keyFromSeed(1), layout: packed([2]) });
 * y.dataSync().every((value) => value === 0 || value === 2); // => true
 * ```
 */
export function dropout<Features extends string>(
  x: Float<`tokens ${Features}`>,
  { rate, key, layout }: DropoutOptions,
): Float<`tokens ${Features}`> {
  return dropoutOp({ x }, { ...layout.data, key: Uint32Array.from(key) }, { ...layout.fixed, rate });
}
