import { ConfigError } from "@kindred/errors";
import { activeEngine, expectShapes, type Float, type RowGradient, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** What {@link gradCache} works on. `Chunk` is whatever `embed` takes: token ids with their layout, rows of features, … */
export type GradCacheOptions<Chunk, Name extends string = string> = {
  /** The batch: each column (queries, positives, negatives, …) cut into chunks, which together are its rows in order. */
  readonly columns: readonly (readonly Chunk[])[];
  /**
   * The embeddings of one chunk of a column, made from `parameters`. It is called twice for every chunk and must give the same both
   * times: dropout comes from a key and each row's number in the whole batch, never from a running generator.
   */
  readonly embed: (chunk: Chunk, column: number) => Float<"chunk hidden">;
  /** The loss of the whole batch, made from the embeddings of all columns, and from `parameters` where it has weights of its own. */
  readonly loss: (embeddings: Float<"batch hidden">[]) => Float<"">;
  /** The weights whose gradients are wanted, by name. */
  readonly parameters: { readonly [name in Name]: Float };
  /**
   * Gets the part of a gradient that comes from one chunk, or from the loss itself, so up to once a chunk for each parameter and once more:
   * their sum is the gradient. The tensor is disposed after the call. A weight must not change before `gradCache` has returned.
   */
  readonly onGradient?: (name: string, part: Float) => void;
  /** Gets parts of tables' gradients as the rows that are not zero, as `valueAndGradients` hands them over. */
  readonly onRowGradient?: (name: string, part: RowGradient) => void;
};

/** What {@link gradCache} gives. The caller disposes all of it. */
export type GradCacheResult<Name extends string = string> = {
  /** The loss. */
  readonly value: Float<"">;
  /** The gradient of each parameter that is reached; empty if `onGradient` took the parts. */
  readonly gradients: { readonly [name in Name]?: Float };
  /**
   * By how much an embedding differed the second time it was made, at most, as a part of the largest entry: 0 where `embed` repeats itself.
   * A tensor, as nothing is read on the way; read it with the value and give it to `expectReplay`.
   */
  readonly drift: Float<"">;
};

/**
 * The loss of a batch and its gradients, in the memory of one chunk: the same numbers as recording the whole batch at once, but
 * for the order in which chunks are added up, for one forward pass more.
 *
 * A contrastive loss compares all rows with all rows, so a batch cannot simply be cut as in gradient accumulation. But it needs
 * only the embeddings, which are small:
 *
 * 1. embed every chunk, keeping nothing but the embeddings;
 * 2. from them the loss, and ∂loss/∂embedding of every row: the cache (and the gradients of weights that the loss has of its own);
 * 3. embed every chunk again, this time recorded, and go back from its rows of the cache; add up over chunks.
 *
 * Alive at the peak: the embeddings and their gradients (batch × hidden each, a column), what `loss` needs, one chunk's record,
 * and the sums of gradients, unless `onGradient` keeps them elsewhere. Nothing stays behind when `embed`, `loss` or `onGradient`
 * throws. Nothing is read: which ops are called depends on shapes alone, so that an engine can record the step and run it again, a chunk's
 * parts as programs of their own.
 *
 * @throws ConfigError if there is no column, a column has no chunk, or the loss does not depend on a column; ShapeError if an embedding is no matrix or the columns' chunks differ in `hidden`.
 * @see Gao, Zhang, Han, Callan (2021), Scaling deep contrastive learning batch size under memory limited setup, section 3.
 *
 * @example
 * ```ts
 * import { gradCache } from "@kindred/grad-cache";
 * import { linear, matmulTransposed, sum } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const weight = tf.tensor2d([[1, 0], [0, 1]]);
 * const { value, gradients } = gradCache({
 *   columns: [[[[1, 2]], [[3, 4]]], [[[5, 6]], [[7, 8]]]], // two columns of two chunks of one row
 *   embed: (rows) => linear(tf.tensor2d(rows), weight),
 *   loss: ([a, b]) => sum(matmulTransposed(a!, b!)),
 *   parameters: { weight },
 * });
 * value.dataSync(); // => [132]
 * gradients.weight!.dataSync(); // => [96, 128, 128, 168]
 * ```
 */
export function gradCache<Chunk, Name extends string>(
  options: GradCacheOptions<Chunk, Name>,
): GradCacheResult<NoInfer<Name>> {
  const { columns, embed, loss, parameters, onGradient, onRowGradient } = options;
  checkColumns(columns);
  const gradients: { [name in Name]?: Float } = {};
  const addPart = (given: string, part: Float) => {
    if (onGradient) return onGradient(given, part);
    const name = given as Name; // the names of parameters
    const sum = gradients[name];
    gradients[name] = sum ? tf.add(sum, part) : tf.clone(part);
    sum?.dispose();
  };
  const embedded: EmbeddedColumn<Chunk>[] = [];
  const drifts: Float<"">[] = [];
  let cache: Cache<Chunk> | undefined;
  try {
    for (const [column, chunks] of columns.entries()) embedded.push(embedColumn(chunks, column, embed));
    cache = cacheGradients(embedded, loss, { parameters, addPart });
    cut();
    for (const { column, chunks, embeddings, gradient } of cache.columns) {
      for (const { chunk, start, count } of chunks) {
        const upstream = rowsOf(gradient, start, count);
        let again: Float | undefined;
        try {
          const receivers = { upstream, onGradient: addPart, ...(onRowGradient && { onRowGradient }) };
          ({ value: again } = valueAndGradients(() => embed(chunk, column), parameters, receivers));
          drifts.push(driftOf(embeddings, again, start));
        } finally {
          tf.dispose([upstream, again] as tf.TensorContainer);
        }
        cut();
      }
    }
    return {
      value: cache.value,
      gradients,
      drift: tf.tidy(() => drifts.reduce((most, drift) => tf.maximum(most, drift), tf.scalar(0))),
    };
  } catch (error) {
    tf.dispose([cache?.value, gradients] as tf.TensorContainer);
    throw error;
  } finally {
    const passing = [
      ...embedded.map(({ embeddings }) => embeddings),
      ...(cache?.columns ?? []).map((column) => column.gradient),
      ...drifts,
    ];
    tf.dispose(passing);
  }
}

/** One program of all chunks would hold all their activations: an engine that records makes one for embed, loss and backward each. */
const cut = () => activeEngine().cut?.();

/** A column's embeddings, and which of its rows come from which chunk. */
type EmbeddedColumn<Chunk> = {
  readonly column: number;
  readonly embeddings: Float<"batch hidden">;
  readonly chunks: readonly { readonly chunk: Chunk; readonly start: number; readonly count: number }[];
};

/** Step 1: the embeddings of all rows of a column, and nothing else. */
function embedColumn<Chunk>(
  chunks: readonly Chunk[],
  column: number,
  embed: GradCacheOptions<Chunk>["embed"],
): EmbeddedColumn<Chunk> {
  const placed: { chunk: Chunk; start: number; count: number }[] = [];
  const embeddings = tf.tidy((): tf.Tensor => {
    const parts: tf.Tensor2D[] = [];
    let start = 0;
    for (const [i, chunk] of chunks.entries()) {
      const part = tf.tidy(() => embed(chunk, column));
      expectShapes("gradCache", {
        [`embed(chunk ${i}, column ${column})`]: [part, "chunk hidden", "float32"],
        "the first": [parts[0] ?? part, "first hidden"],
      });
      parts.push(part as tf.Tensor2D); // as was checked
      cut();
      const [count = 0] = part.shape;
      placed.push({ chunk, start, count });
      start += count;
    }
    return tf.concat(parts, 0);
  });
  return { column, embeddings, chunks: placed };
}

/** The loss, and its gradient with respect to each column's embeddings. */
type Cache<Chunk> = {
  readonly value: Float<"">;
  readonly columns: readonly (EmbeddedColumn<Chunk> & { readonly gradient: Float<"batch hidden"> })[];
};

/** The weights that the loss may have of its own, and who gets their gradients. */
type OwnWeights = {
  readonly parameters: { readonly [name: string]: Float };
  readonly addPart: (name: string, part: Float) => void;
};

/** Step 2. */
function cacheGradients<Chunk>(
  embedded: readonly EmbeddedColumn<Chunk>[],
  loss: GradCacheOptions<Chunk>["loss"],
  { parameters, addPart }: OwnWeights,
): Cache<Chunk> {
  const nameOf = (column: number) => `the embeddings of column ${column}`;
  const ofColumns = Object.fromEntries(embedded.map(({ column, embeddings }) => [nameOf(column), embeddings]));
  const kept = new Map<string, Float<"batch hidden">>();
  const onGradient = (name: string, gradient: tf.Tensor) => {
    if (Object.hasOwn(ofColumns, name)) kept.set(name, gradient.clone());
    else addPart(name, gradient);
  };
  let value: Float<""> | undefined;
  try {
    const all: { readonly [name: string]: Float } = { ...parameters, ...ofColumns };
    ({ value } = valueAndGradients(() => loss(embedded.map(({ embeddings }) => embeddings)), all, { onGradient }));
    const columns = embedded.map((one) => {
      const gradient = kept.get(nameOf(one.column));
      if (gradient !== undefined) return { ...one, gradient };
      throw new ConfigError(
        `gradCache: the loss does not depend on a column. Got no gradient for column ${one.column} of ${embedded.length}, expected one ` +
          "for each. Leave the column out, or use its embeddings in the loss.",
        { column: one.column, columns: embedded.length },
      );
    });
    return { value, columns };
  } catch (error) {
    tf.dispose([value, ...kept.values()]);
    throw error;
  }
}

/** Rows of a column that come from one chunk. */
function rowsOf(column: Float<"batch hidden">, start: number, count: number): Float<"chunk hidden"> {
  return tf.slice<tf.Rank, tf.Tensor>(column, [start, 0], [count, -1]);
}

/** The largest difference of a chunk's two makings, as a part of the largest entry. Computed, not read. */
function driftOf(column: Float<"batch hidden">, again: Float<"chunk hidden">, start: number): Float<""> {
  return tf.tidy(() => {
    const before = rowsOf(column, start, again.shape[0] ?? 0);
    const [difference, largest] = [tf.max(tf.abs(tf.sub(again, before))), tf.max(tf.abs(before))];
    return tf.div(difference, tf.maximum(largest, 1e-30));
  });
}

function checkColumns(columns: readonly (readonly unknown[])[]): void {
  const empty = columns.findIndex((chunks) => chunks.length === 0);
  if (columns.length > 0 && empty === -1) return;
  throw new ConfigError(
    `gradCache: there is nothing to embed. Got ${columns.length} columns${empty === -1 ? "" : `, column ${empty} without a chunk`}, ` +
      "expected at least one column, and one chunk in each. Skip empty batches.",
    { columns: columns.map((chunks) => chunks.length) },
  );
}
