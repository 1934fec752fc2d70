import {
  type EncoderParameters,
  layerNormSpecs,
  linearSpecs,
  type ParameterSpec,
  parameterNamed,
} from "@kindred/encoder";
import { addLayerNorm, attention, dropout, geluLinear, linear } from "@kindred/nn";
import { childKey, type Key } from "@kindred/random";
import type { Float, Layout } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** What a checkpoint calls the parts of a layer; each has a `.weight` and a `.bias`. */
export type PostNormLayerNames = {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** The linear map after attention, and the layer norm that closes the layer's first half. */
  readonly attended: string;
  readonly attendedNorm: string;
  /** The linear maps before and after GELU, and the layer norm that closes the second half. */
  readonly inner: string;
  readonly outer: string;
  readonly outerNorm: string;
};

/** What a layer must and may be told. */
export type PostNormLayerOptions = {
  readonly names: PostNormLayerNames;
  readonly layout: Layout;
  readonly heads: number;
  /** The epsilon of its layer norms. */
  readonly epsilon: number;
  /** What is added to the scores by distance between key and query. Default: nothing. */
  readonly bias?: Float<"heads distances">;
  /** The layer's own dropout key, and the shares of elements and of attention's weights to drop. Default: no dropout. */
  readonly dropout?: { readonly key: Key; readonly hidden: number; readonly attention: number };
};

/**
 * The parameters of one layer, in the order in which data meets them.
 *
 * @example
 * ```ts
 * import { postNormLayerSpecs } from "@kindred/transformer";
 *
 * const names = { query: "q", key: "k", value: "v", attended: "o", attendedNorm: "n1", inner: "up", outer: "down", outerNorm: "n2" };
 * const specs = postNormLayerSpecs(names, { hidden: 8, intermediate: 32 });
 * specs.filter(({ kind }) => kind === "matrix").map(({ name, shape }) => [name, ...shape]).at(-1); // => ["down.weight", 8, 32]
 * ```
 */
export function postNormLayerSpecs(
  names: PostNormLayerNames,
  sizes: { readonly hidden: number; readonly intermediate: number; readonly deviation?: number },
): ParameterSpec[] {
  const { hidden, intermediate, ...drawn } = sizes;
  const square = { out: hidden, in: hidden, ...drawn };
  return [
    ...linearSpecs(names.query, square),
    ...linearSpecs(names.key, square),
    ...linearSpecs(names.value, square),
    ...linearSpecs(names.attended, square),
    ...layerNormSpecs(names.attendedNorm, hidden),
    ...linearSpecs(names.inner, { out: intermediate, in: hidden, ...drawn }),
    ...linearSpecs(names.outer, { out: hidden, in: intermediate, ...drawn }),
    ...layerNormSpecs(names.outerNorm, hidden),
  ];
}

/**
 * One encoder layer: attention, then the feed-forward block, each added to its input and normalised afterwards (post-norm).
 *
 * a = LayerNorm(x + attended(attention(query(x), key(x), value(x)))); y = LayerNorm(a + outer(gelu(inner(a)))), GELU the exact
 * one. With a key, dropout after `attended` and `outer` and on attention's weights.
 *
 * @param parameters by name; the linear maps' weights may be packed
 * @throws ShapeError when a parameter is missing or does not fit x
 * @see Vaswani et al., "Attention Is All You Need", 2017, section 3
 *
 * @example
 * ```ts
 * import { initialParameters } from "@kindred/encoder";
 * import { keyFromSeed } from "@kindred/random";
 * import { cpu, packed } from "@kindred/tensor";
 * import { postNormLayer, postNormLayerSpecs } from "@kindred/transformer";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const names = { query: "q", key: "k", value: "v", attended: "o", attendedNorm: "n1", inner: "up", outer: "down", outerNorm: "n2" };
 * const first = initialParameters(postNormLayerSpecs(names, { hidden: 8, intermediate: 32 }), keyFromSeed(1));
 * const parameters = Object.fromEntries(Object.entries(first).map(([name, w]) => [name, tf.tensor(w.values, [...w.shape])]));
 * const x = tf.ones<tf.Rank.R2>([5, 8]);
 * postNormLayer(parameters, x, { names, layout: packed([3, 2]), heads: 2, epsilon: 1e-12 }).shape; // => [5, 8]
 * ```
 */
export function postNormLayer(
  parameters: EncoderParameters,
  x: Float<"tokens hidden">,
  options: PostNormLayerOptions,
): Float<"tokens hidden"> {
  const { names, layout, heads, bias, dropout: drop } = options;
  const affine = <In extends string, Out extends string>(
    input: Float<`tokens ${In}`>,
    name: string,
  ): Float<`tokens ${Out}`> => {
    const weight = parameterNamed<`${Out} ${In}`>(parameters, `${name}.weight`);
    return linear<"tokens", In, Out>(input, weight, parameterNamed<Out>(parameters, `${name}.bias`));
  };
  return tf.tidy(() => {
    const q = affine<"hidden", "hidden">(x, names.query);
    const k = affine<"hidden", "hidden">(x, names.key);
    const v = affine<"hidden", "hidden">(x, names.value);
    const weightDropout =
      drop !== undefined && drop.attention > 0
        ? { dropout: { rate: drop.attention, key: childKey(drop.key, "attention.attn") } }
        : {};
    const mixed = attention(q, k, v, bias, { layout, heads, ...weightDropout });
    const attended = close(
      affine<"hidden", "hidden">(mixed, names.attended),
      x,
      names.attendedNorm,
      "attention.output",
    );
    const inner = affine<"hidden", "intermediate">(attended, names.inner);
    const outer = geluLinear<"tokens", "intermediate", "hidden">(
      inner,
      parameterNamed(parameters, `${names.outer}.weight`),
      parameterNamed(parameters, `${names.outer}.bias`),
    );
    return close(outer, attended, names.outerNorm, "output");
  });

  /** The end of each half: LayerNorm(dropout(half) + residual). */
  function close(half: Float<"tokens hidden">, residual: Float<"tokens hidden">, norm: string, site: string) {
    const dropped =
      drop !== undefined && drop.hidden > 0
        ? dropout(half, { rate: drop.hidden, key: childKey(drop.key, site), layout })
        : half;
    const gain = parameterNamed<"hidden">(parameters, `${norm}.weight`);
    const shift = parameterNamed<"hidden">(parameters, `${norm}.bias`);
    return addLayerNorm(dropped, residual, gain, shift, { epsilon: options.epsilon });
  }
}
