import {
  type EncoderParameters,
  type EncoderTokens,
  layerNormSpecs,
  linearSpecs,
  type ParameterSpec,
  parameterNamed,
} from "@kindred/encoder";
import { ShapeError } from "@kindred/errors";
import { add, addLayerNorm, attention, dropout, embedding, geluLinear, linear } from "@kindred/nn";
import { childKey, type Key } from "@kindred/random";
import type { Float, Layout } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** What token embeddings must and may be told. */
export type TokenEmbeddingOptions = {
  /** What errors say was called. */
  readonly functionName: string;
  /** What a checkpoint calls the tables (each has a `.weight`) and the layer norm. Without `types` there are no token types. */
  readonly names: {
    readonly words: string;
    readonly positions: string;
    readonly types?: string;
    readonly norm: string;
  };
  readonly layout: Layout;
  /** The row of the position table of each token; of rows of padding any row that there is. */
  readonly positions: Int32Array;
  /** The most tokens of a sentence. */
  readonly longest: number;
  /** The rows of the tables that get no gradient. Default: none. */
  readonly rowsWithoutGradient?: { readonly words?: number | undefined; readonly positions?: number | undefined };
  readonly epsilon: number;
  /** A key and the share of elements to drop. Default: no dropout. */
  readonly dropout?: { readonly key: Key; readonly hidden: number };
};

/**
 * What the first layer sees: dropout(LayerNorm(words[id] + positions[position] + types[type])).
 *
 * Position and type are added once for each place that a token may have, not for each token: a model whose tokens are all of
 * type 0 pays nothing for its types, and the row of type 0 gets its gradient all the same.
 *
 * @throws ShapeError when ids and layout don't fit, an id, position or type has no row, or a sentence is longer than `longest`
 * @see Devlin, Chang, Lee, Toutanova, "BERT", 2019, section 3 and figure 2
 *
 * @example
 * ```ts
 * import { cpu, packed } from "@kindred/tensor";
 * import { tokenEmbeddings } from "@kindred/transformer";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const parameters = {
 *   "words.weight": tf.tensor2d([[1, 0], [0, 2]]),
 *   "positions.weight": tf.zeros<tf.Rank.R2>([4, 2]),
 *   "norm.weight": tf.ones([2]),
 *   "norm.bias": tf.zeros([2]),
 * };
 * const names = { words: "words", positions: "positions", norm: "norm" };
 * const options = { functionName: "toy", names, layout: packed([2]), positions: Int32Array.of(0, 1), longest: 4, epsilon: 0 };
 * tokenEmbeddings(parameters, { ids: Int32Array.of(1, 0) }, options).dataSync(); // => [-1, 1, 1, -1]
 * ```
 */
export function tokenEmbeddings(
  parameters: EncoderParameters,
  tokens: EncoderTokens,
  options: TokenEmbeddingOptions,
): Float<"tokens hidden"> {
  const { names, layout, epsilon, rowsWithoutGradient = {}, dropout: drop } = options;
  expectTokens(tokens, options);
  return tf.tidy(() => {
    const table = parameterNamed<"vocab hidden">(parameters, `${names.words}.weight`);
    const words = embedding(tokens.ids, table, paddingOf(rowsWithoutGradient.words));
    const places = placeVectors(parameters, tokens, options);
    const gain = parameterNamed<"hidden">(parameters, `${names.norm}.weight`);
    const shift = parameterNamed<"hidden">(parameters, `${names.norm}.bias`);
    const x = addLayerNorm(words, places, gain, shift, { epsilon });
    return drop !== undefined && drop.hidden > 0 ? dropout(x, { rate: drop.hidden, key: drop.key, layout }) : x;
  });
}

/** positions[position] + types[type] of every token, the sums computed once for every place and type. */
function placeVectors(
  parameters: EncoderParameters,
  { typeIds }: EncoderTokens,
  { functionName, names, positions, layout, longest, rowsWithoutGradient = {} }: TokenEmbeddingOptions,
): Float<"tokens hidden"> {
  const padding = paddingOf(rowsWithoutGradient.positions);
  const table = parameterNamed<"positions hidden">(parameters, `${names.positions}.weight`);
  if (names.types === undefined) return embedding(positions, table, padding);
  const types = parameterNamed<"types hidden">(parameters, `${names.types}.weight`);
  const [[rows = 0], [kinds = 0]] = [table.shape, typeIds === undefined ? [1] : types.shape];
  const places = rows - longest + Math.min(longest, layout.fixed.longest); // the table may begin with rows of no place
  const bad = typeIds?.findIndex((type) => type < 0 || type >= kinds) ?? -1;
  if (bad >= 0) {
    throw new ShapeError(
      `${functionName}: no such token type. Got ${typeIds?.[bad]} at ${bad}, expected 0 to ${kinds - 1}, the types that the model has.`,
      { at: bad, type: typeIds?.[bad], types: kinds },
    );
  }
  const index = Int32Array.from({ length: kinds * places }, (_, i) => i);
  const byPlace = embedding(
    index.map((i) => i % places),
    table,
    padding,
  );
  const byType = embedding(
    index.map((i) => Math.floor(i / places)),
    types,
  );
  const sums = add(byPlace, byType);
  const sumOf = typeIds === undefined ? positions : typeIds.map((type, i) => type * places + (positions[i] ?? 0));
  return embedding(sumOf, sums);
}

function paddingOf(row: number | undefined): { readonly paddingId?: number } {
  return row === undefined ? {} : { paddingId: row };
}

function expectTokens({ ids, typeIds }: EncoderTokens, { functionName, layout, longest }: TokenEmbeddingOptions): void {
  const { rows } = layout.fixed;
  for (const [name, given] of [
    ["ids", ids],
    ["typeIds", typeIds],
  ] as const) {
    if (given === undefined || given.length === rows) continue;
    throw new ShapeError(
      `${functionName}: ${name} and layout don't fit. Got ${given.length} ${name} and a ${layout.form} layout of ${rows} rows, expected as many. ` +
        "Was the layout made for another batch?",
      { [name]: given.length, rows },
    );
  }
  const tokens = layout.data.lengths.reduce((most, length) => Math.max(most, length), 0);
  if (tokens <= longest) return;
  throw new ShapeError(
    `${functionName}: a text is too long. Got ${tokens} tokens, expected at most ${longest}, the positions that the model has. Cut texts ` +
      "at that length.",
    { tokens, longest },
  );
}

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
  /**
   * The layer's own dropout key, and the shares to drop of elements, of attention's weights, and of what `attended` gives (the last as of
   * other elements, unless it is said). Default: no dropout.
   */
  readonly dropout?: {
    readonly key: Key;
    readonly hidden: number;
    readonly attention: number;
    readonly attended?: number;
  };
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
    const attended = close(affine<"hidden", "hidden">(mixed, names.attended), x, names.attendedNorm, {
      name: "attention.output",
      rate: drop?.attended ?? drop?.hidden,
    });
    const inner = affine<"hidden", "intermediate">(attended, names.inner);
    const outer = geluLinear<"tokens", "intermediate", "hidden">(
      inner,
      parameterNamed(parameters, `${names.outer}.weight`),
      parameterNamed(parameters, `${names.outer}.bias`),
    );
    return close(outer, attended, names.outerNorm, { name: "output", rate: drop?.hidden });
  });

  /** The end of each half: LayerNorm(dropout(half) + residual). */
  function close(
    half: Float<"tokens hidden">,
    residual: Float<"tokens hidden">,
    norm: string,
    { name, rate = 0 }: { readonly name: string; readonly rate: number | undefined },
  ) {
    const dropped =
      drop !== undefined && rate > 0 ? dropout(half, { rate, key: childKey(drop.key, name), layout }) : half;
    const gain = parameterNamed<"hidden">(parameters, `${norm}.weight`);
    const shift = parameterNamed<"hidden">(parameters, `${norm}.bias`);
    return addLayerNorm(dropped, residual, gain, shift, { epsilon: options.epsilon });
  }
}
