import { type EncoderParameters, type EncoderTokens, parameterNamed } from "@kindred/encoder";
import { ShapeError } from "@kindred/errors";
import { add, addLayerNorm, dropout, embedding } from "@kindred/nn";
import type { Key } from "@kindred/random";
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
