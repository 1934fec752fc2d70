import { ShapeError } from "@kindred/errors";
import { dropoutThreshold, type Key } from "@kindred/random";
import { defineOp, expectShapes, type Float, type Layout, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { attend, attendGradients } from "./attention-composite.ts";
import { expectLayout } from "./expect-layout.ts";
import { attendGradientsInBlocks, attendInBlocks } from "./tfjs-wasm/attention-kernels.ts";

/** What keyed dropout of attention weights must be told. */
export type AttentionDropout = {
  /** The share of weights to drop, from 0 up to, not including, 1. */
  readonly rate: number;
  /** Belongs to one use alone: a step, a column of the data, and a layer. */
  readonly key: Key;
};

/** What attention must be told. */
export type AttentionOptions = {
  /** Which rows are which sentence's. */
  readonly layout: Layout;
  /** The number of heads; hidden is a multiple of it. */
  readonly heads: number;
  /** Dropout of the weights. Default: none. */
  readonly dropout?: AttentionDropout;
};

/** What changes with each batch: the layout's part and, with dropout, the key's two words. */
export type AttentionData = LayoutData & { readonly key?: Uint32Array };

/** What does not: the layout's part, the heads and, with dropout, its rate. */
export type AttentionFixed = LayoutFixed & { readonly heads: number; readonly rate?: number };

/** The tensors of attention's op. The bias is always given. */
export type AttentionInputs = { readonly q: Float; readonly k: Float; readonly v: Float; readonly bias: Float };

/** The gradient of {@link attention} as an op that an engine may implement: [dq, dk, dv, dbias] from dy and attention's inputs. */
export const attentionGradientOp = defineOp<
  AttentionInputs & { readonly dy: Float },
  AttentionData,
  AttentionFixed,
  [dq: Float, dk: Float, dv: Float, dbias: Float]
>({
  name: "KindredAttentionGradient",
  check: () => {},
  composite: attendGradients,
  kernels: { wasm: attendGradientsInBlocks },
});

/** {@link attention} as an op that an engine may implement. */
export const attentionOp = defineOp<AttentionInputs, AttentionData, AttentionFixed, Float>({
  name: "KindredAttention",
  check: ({ q, k, v, bias }, _, fixed) => {
    const sizes = expectShapes("attention", {
      q: [q, "tokens hidden", "float32"],
      k: [k, "tokens hidden", "float32"],
      v: [v, "tokens hidden", "float32"],
      bias: [bias, "heads distances", "float32"],
    });
    expectLayout("attention", q, fixed);
    expectHeads(sizes, fixed);
  },
  composite: attend,
  kernels: { wasm: attendInBlocks },
  save: ["q", "k", "v", "bias"],
  gradient: (dy, { q, k, v, bias }, data, fixed) => {
    const [dq, dk, dv, dbias] = attentionGradientOp({ dy, q, k, v, bias }, data, fixed);
    return { q: () => dq, k: () => dk, v: () => dv, bias: () => dbias };
  },
});

function expectHeads(
  sizes: { readonly hidden: number; readonly heads: number; readonly distances: number },
  { longest, heads, rate }: AttentionFixed,
): void {
  const fail = (problem: string, rule: string, advice: string) => {
    throw new ShapeError(`attention: ${problem}, expected ${rule}. ${advice}`, {
      ...sizes,
      wantedHeads: heads,
      longest,
    });
  };
  if (!Number.isInteger(heads) || heads < 1 || sizes.hidden % heads !== 0) {
    fail(
      `hidden can't be split. Got ${heads} heads, hidden ${sizes.hidden}`,
      "a divisor of hidden",
      "Look at num_attention_heads.",
    );
  }
  if (sizes.heads !== heads || sizes.distances % 2 !== 1 || sizes.distances < 2 * longest - 1) {
    fail(
      `bias doesn't fit. Got bias "heads distances" = [${sizes.heads}, ${sizes.distances}], ${heads} heads, sentences of up to ${longest} tokens`,
      `[${heads}, an odd number from ${2 * longest - 1} on]`,
      "Make the bias for the longest sentence that the layout allows.",
    );
  }
  if (rate === undefined) return;
  dropoutThreshold(rate); // refuses a bad rate
  if (heads > 64 || longest > 8192) {
    fail(
      `too large for dropout's counter. Got ${heads} heads, sentences of up to ${longest} tokens`,
      "at most 64 heads and 8192 tokens",
      "Cut longer texts.",
    );
  }
}

/**
 * Multi-head attention of every sentence over itself, with a bias that depends on the distance between key and query.
 *
 * For each head h, on its hidden/heads = size features of q, k and v, and query i, key j of one sentence:
 * scores[i, j] = q[i]·k[j]/√size + bias[h, j − i + maxDistance]; y[i] = Σⱼ softmaxⱼ(scores[i, ·])[j]·v[j]. `distances` is
 * 2·maxDistance + 1, so a sentence may have up to maxDistance + 1 tokens. Keys of other sentences and of padding weigh exactly 0.
 * Rows of padding are not read, and give zeros; a sentence of no tokens gives nothing. q, k and v must be finite.
 *
 * With dropout a weight is zeroed or scaled by 1/(1 − rate), kept if and only if the first Threefry word at counter
 * c0 = global sentence, c1 = head·2²⁶ + query·2¹³ + key (positions in the sentence) is at least rate·2³²: any chunk, order,
 * packing, padding or shard drops the same weights.
 *
 * The gradient computes the weights again from q, k, v and bias, which are all that is kept.
 *
 * @param bias left out: none is added
 * @throws ShapeError when shapes, layout, heads or bias don't fit each other
 * @throws ConfigError when the dropout rate is outside [0, 1)
 * @see Vaswani et al., "Attention Is All You Need", 2017, section 3.2; Song et al., "MPNet", 2020 (the bias is added after scaling)
 *
 * @example
 * ```ts
 * import { attention } from "@kindred/nn";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const [q, v] = [tf.zeros<tf.Rank.R2>([3, 1]), tf.tensor2d([[2], [4], [9]])];
 * attention(q, q, v, undefined, { layout: packed([2, 1]), heads: 1 }).dataSync(); // => [3, 3, 9]
 * ```
 */
export function attention(
  q: Float<"tokens hidden">,
  k: Float<"tokens hidden">,
  v: Float<"tokens hidden">,
  bias: Float<"heads distances"> | undefined,
  { layout, heads, dropout }: AttentionOptions,
): Float<"tokens hidden"> {
  const given = bias ?? tf.fill<tf.Rank.R2>([heads, 2 * layout.fixed.longest - 1], 0);
  const data = dropout === undefined ? layout.data : { ...layout.data, key: Uint32Array.from(dropout.key) };
  const fixed = dropout === undefined ? { ...layout.fixed, heads } : { ...layout.fixed, heads, rate: dropout.rate };
  try {
    return attentionOp({ q, k, v, bias: given }, data, fixed);
  } finally {
    if (bias === undefined) given.dispose();
  }
}
