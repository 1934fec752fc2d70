import {
  type Encoder,
  type EncoderParameters,
  type EncoderTokens,
  expectParameters,
  type ForwardOptions,
  layerNormSpecs,
  type ParameterSpec,
} from "@kindred/encoder";
import { childKey } from "@kindred/random";
import { type Float, type Layout, layoutPositions, sentencesOf } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import {
  postNormLayer,
  type PostNormLayerNames,
  postNormLayerSpecs,
  type TokenEmbeddingOptions,
  tokenEmbeddings,
} from "./post-norm-transformer.ts";

/** What tells one post-norm encoder from another. */
export type PostNormEncoderOptions = {
  /** What errors say was called. */
  readonly functionName: string;
  /** What people call the family. */
  readonly title: string;
  /** What a checkpoint calls the embeddings. */
  readonly names: TokenEmbeddingOptions["names"];
  /** What it calls the parts of layer i. */
  readonly layerNames: (i: number) => PostNormLayerNames;
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
  /** Rows of the position table. */
  readonly positions: number;
  /**
   * The id of padding, where positions count tokens and not columns: a token of this id has the row of this number, and all others
   * count from the row after it. That row gets no gradient. Default: positions are columns, from row 0.
   */
  readonly countedPadding?: number;
  /** Rows of the table of token types, where the names have one. */
  readonly types?: number;
  /** The row of the word table that gets no gradient. Default: none. */
  readonly wordWithoutGradient?: number | undefined;
  /** The epsilon of all layer norms. */
  readonly epsilon: number;
  /** The standard deviation of a table's or matrix's first values. */
  readonly deviation: number;
  /** The shares of elements to drop; `attended` as for a layer. */
  readonly dropout: { readonly hidden: number; readonly attention: number; readonly attended?: number };
  /** What is added to the scores of all layers by distance between key and query. Default: nothing. */
  readonly bias?: {
    readonly specs: readonly ParameterSpec[];
    /** How it is made of them. */
    readonly of: (parameters: EncoderParameters, layout: Layout) => Float<"heads distances">;
  };
};

/**
 * An encoder of post-norm layers, all of an `Encoder` but what a family's files are: its config.json and a checkpoint's names.
 *
 * x₀ = dropout(LayerNorm(words[id] + positions[p] + types[t])), xᵢ = layerᵢ(xᵢ₋₁), by {@link tokenEmbeddings} and {@link postNormLayer}.
 * Layer i is i + 1 deep. The layers draw dropout from keys of their own, named alike in every family.
 *
 * @example
 * ```ts
 * import { postNormEncoder } from "@kindred/transformer";
 *
 * const layer = { query: "q", key: "k", value: "v", attended: "o", attendedNorm: "n1", inner: "up", outer: "down", outerNorm: "n2" };
 * const { sizes, description } = postNormEncoder({
 *   functionName: "toy",
 *   title: "Toy",
 *   names: { words: "words", positions: "positions", norm: "norm" },
 *   layerNames: () => layer,
 *   ...{ vocabulary: 40, hidden: 8, layers: 1, heads: 2, intermediate: 32, positions: 18, countedPadding: 1 },
 *   ...{ epsilon: 1e-5, deviation: 0.02, dropout: { hidden: 0.1, attention: 0.1 } },
 * });
 * sizes.longest; // => 16
 * description; // => "Toy, 1 layers of width 8, 2 heads, feed-forward 32"
 * ```
 */
export function postNormEncoder(
  options: PostNormEncoderOptions,
): Pick<Encoder, "description" | "specs" | "sizes" | "forward"> {
  const { title, vocabulary, hidden, layers, heads, intermediate, positions, countedPadding = -1 } = options;
  const specs = specsOf(options);
  const sizes = { hidden, longest: positions - countedPadding - 1, vocabulary, layers, intermediate };
  return {
    description: `${title}, ${layers} layers of width ${hidden}, ${heads} heads, feed-forward ${intermediate}`,
    specs,
    sizes,
    forward: (parameters, tokens, how) => {
      expectParameters(options.functionName, parameters, specs);
      return forward(parameters, tokens, { ...how, encoder: options, longest: sizes.longest });
    },
  };
}

function specsOf(options: PostNormEncoderOptions): ParameterSpec[] {
  const { names, vocabulary, hidden, layers, intermediate, positions, types, deviation } = options;
  const table = (name: string, rows: number, row?: number): ParameterSpec => ({
    name: `${name}.weight`,
    shape: [rows, hidden],
    kind: "table",
    deviation,
    ...(row !== undefined && { rowWithoutGradient: row }),
  });
  const embeddings = [
    table(names.words, vocabulary, options.wordWithoutGradient),
    table(names.positions, positions, options.countedPadding),
    ...(names.types === undefined || types === undefined ? [] : [table(names.types, types)]),
    ...layerNormSpecs(names.norm, hidden),
    ...(options.bias?.specs ?? []),
  ];
  const ofLayers = Array.from({ length: layers }, (_, i) =>
    postNormLayerSpecs(options.layerNames(i), { hidden, intermediate, deviation }).map((spec) => ({
      ...spec,
      depth: i + 1,
    })),
  );
  return [...embeddings.map((spec) => ({ ...spec, depth: 0 })), ...ofLayers.flat()];
}

function forward(
  parameters: EncoderParameters,
  tokens: EncoderTokens,
  options: ForwardOptions & { readonly encoder: PostNormEncoderOptions; readonly longest: number },
): Float<"tokens hidden"> {
  const { encoder, longest, layout, dropout } = options;
  const { functionName, names, heads, epsilon, countedPadding, dropout: rates } = encoder;
  return tf.tidy(() => {
    let x = tokenEmbeddings(parameters, tokens, {
      ...{ functionName, names, layout, longest, epsilon },
      positions:
        countedPadding === undefined
          ? layoutPositions(layout).map((position) => Math.max(position, 0)) // rows of padding have none
          : countedPositions(tokens.ids, layout, countedPadding),
      rowsWithoutGradient: { words: encoder.wordWithoutGradient, positions: countedPadding },
      ...(dropout && { dropout: { ...rates, key: childKey(dropout, "embeddings") } }),
    });
    const bias = encoder.bias === undefined ? {} : { bias: encoder.bias.of(parameters, layout) };
    for (let i = 0; i < encoder.layers; i++) {
      const drop = dropout && { dropout: { ...rates, key: childKey(dropout, "encoder.layer", i) } };
      const next = postNormLayer(parameters, x, {
        names: encoder.layerNames(i),
        layout,
        heads,
        epsilon,
        ...bias,
        ...drop,
      });
      x.dispose();
      x = next;
    }
    return x;
  });
}

/** Tokens of other ids than the padding's count from the row after it; they alone count. */
function countedPositions(ids: Int32Array, { fixed, data }: Layout, padding: number): Int32Array {
  const positions = new Int32Array(fixed.rows).fill(padding);
  for (const { start, length } of sentencesOf(data)) {
    let last = padding;
    for (let row = start; row < start + length; row++) if (ids[row] !== padding) positions[row] = ++last;
  }
  return positions;
}
