import { ConfigError, ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, rowGradient } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** What an embedding may be told. */
export type EmbeddingOptions = {
  /** This row of the table gets no gradient (PyTorch's `padding_idx`); it is looked up like any other. Default: none. */
  readonly paddingId?: number;
};

/** What changes with each batch: the table's row of each token. */
export type EmbeddingData = { readonly ids: Int32Array };

/** What does not: the table's rows, and which of them gets no gradient. */
export type EmbeddingFixed = EmbeddingOptions & { readonly vocab: number };

/** The gradient of {@link embedding} as an op that a backend may implement: the table's gradient, dense, from dy. */
export const embeddingGradientOp = defineOp<{ dy: Float }, EmbeddingData, EmbeddingFixed, Float>({
  name: "KindredEmbeddingGradient",
  check: () => {},
  composite: ({ dy }, { ids }, { vocab, paddingId }) =>
    tf.unsortedSegmentSum<tf.Tensor>(dy, tf.tensor1d(rowsWithGradient(ids, paddingId), "int32"), vocab),
});

/** {@link embedding} as an op that a backend may implement. */
export const embeddingOp = defineOp<{ table: Float }, EmbeddingData, EmbeddingFixed, Float>({
  name: "KindredEmbedding",
  check: ({ table }, { ids }, { paddingId }) => {
    const { vocab } = expectShapes("embedding", { table: [table, "vocab hidden", "weight"] });
    const bad = ids.findIndex((id) => id < 0 || id >= vocab);
    if (ids.length === 0 || bad >= 0) {
      throw new ShapeError(
        `embedding: ids don't fit the table. Got ${bad < 0 ? "no ids" : `id ${ids[bad]} at ${bad}`}, table "vocab hidden" = ` +
          `[${table.shape.join(", ")}], expected ids from 0 to ${vocab - 1}, one at least. Was the text split with another vocabulary?`,
        { at: bad, id: ids[bad], vocab },
      );
    }
    if (paddingId !== undefined && !(Number.isInteger(paddingId) && paddingId >= 0 && paddingId < vocab)) {
      throw new ConfigError(
        `embedding: paddingId is no row of the table. Got ${paddingId}, expected a whole number from 0 to ${vocab - 1}. ` +
          "Look at pad_token_id in config.json.",
        { paddingId, vocab },
      );
    }
  },
  composite: ({ table }, { ids }) => tf.gather<tf.Tensor>(table, tf.tensor1d(ids, "int32")),
  gradient: (dy, _saved, data, fixed) => {
    const byRows = { rows: rowsWithGradient(data.ids, fixed.paddingId), values: dy };
    return { table: rowGradient(byRows, () => embeddingGradientOp({ dy }, data, fixed)) };
  },
});

/** The table's row of each row of dy, −1 where it gets no gradient. */
function rowsWithGradient(ids: Int32Array, paddingId: number | undefined): Int32Array {
  return paddingId === undefined ? ids : ids.map((id) => (id === paddingId ? -1 : id));
}

/**
 * The rows of a table at some ids: y[token] = table[ids[token]]. The caller may call the rows otherwise.
 *
 * In the gradient, row `id` gets the sum of dy over the tokens with that id, and the padding row gets none. It is a tensor of the
 * table's shape, or dy and the ids as they are for who asks `valueAndGradients` for `onRowGradient` (PyTorch's `sparse=True`).
 *
 * @param ids not to be written before the backward pass is over
 * @throws ShapeError when an id is outside the table, or there is no id
 * @throws ConfigError when `paddingId` is outside the table
 *
 * @example
 * ```ts
 * import { embedding } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const table = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
 * embedding(Int32Array.of(2, 0), table).dataSync(); // => [5, 6, 1, 2]
 * ```
 */
export function embedding<Features extends string, Rows extends string = "tokens">(
  ids: Int32Array,
  table: Float<`${string} ${Features}`>,
  { paddingId }: EmbeddingOptions = {},
): Float<`${Rows} ${Features}`> {
  const [vocab = 0] = table.shape;
  return embeddingOp({ table }, { ids }, paddingId === undefined ? { vocab } : { vocab, paddingId });
}
