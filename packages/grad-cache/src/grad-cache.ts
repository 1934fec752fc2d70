import { ConfigError } from "@kindred/errors";
import {
  expectShapes,
  type Float,
  type RowGradient,
  valueAndGradients,
  type ValueAndGradientsOptions,
} from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { checkReplay } from "./check-replay.ts";

/** What {@link gradCache} works on. `Chunk` is whatever `embed` takes: token ids with their layout, rows of features, … */
export type GradCacheOptions<Chunk, Name extends string = string> = {
  /** The batch: each column (queries, positives, negatives, …) cut into chunks, which together are its rows in order. */
  readonly columns: readonly (readonly Chunk[])[];
  /**
   * The embeddings of one chunk of a column, made from `parameters`. It is called twice for every chunk and must give the same both
   * times: dropout comes from a key and each row's number in the whole batch, never from a running generator.
   */
  readonly embed: (chunk: Chunk, column: number) => Float<"chunk hidden">;
  /** The loss of the whole batch, made from the embeddings of all columns and from nothing else that is trained. */
  readonly loss: (embeddings: Float<"batch hidden">[]) => Float<"">;
  /** The weights whose gradients are wanted, by name. */
  readonly parameters: { readonly [name in Name]: Float };
  /**
   * Gets the part of a gradient that comes from one chunk, so up to once a chunk for each parameter: their sum is the gradient. The
   * tensor is disposed after the call. A weight must not change before `gradCache` has returned.
   */
  readonly onGradient?: (name: Name, part: Float) => void;
  /** Gets parts of tables' gradients as the rows that are not zero, as `valueAndGradients` hands them over. */
  readonly onRowGradient?: (name: string, part: RowGradient) => void;
};

/** What {@link gradCache} gives. The caller disposes all of it. */
export type GradCacheResult<Name extends string = string> = {
  /** The loss. */
  readonly value: Float<"">;
  /** The gradient of each parameter that is reached; empty if `onGradient` took the parts. */
  readonly gradients: { readonly [name in Name]?: Float };
};

/**
 * The loss of a batch and its gradients, in the memory of one chunk: the same numbers as recording the whole batch at once, but
 * for the order in which chunks are added up, for one forward pass more.
 *
 * A contrastive loss compares all rows with all rows, so a batch cannot simply be cut as in gradient accumulation. But it needs
 * only the embeddings, which are small:
 *
 * 1. embed every chunk, keeping nothing but the embeddings;
 * 2. from them the loss, and ∂loss/∂embedding of every row: the cache;
 * 3. embed every chunk again, this time recorded, and go back from its rows of the cache; add up over chunks.
 *
 * Alive at the peak: the embeddings and their gradients (batch × hidden each, a column), what `loss` needs, one chunk's record,
 * and the sums of gradients, unless `onGradient` keeps them elsewhere. Nothing stays behind when `embed`, `loss` or `onGradient`
 * throws.
 *
 * @throws ConfigError if there is no column, a column has no chunk, the loss does not depend on a column, or `embed` gives other
 * embeddings the second time; ShapeError if an embedding is no matrix or the columns' chunks differ in `hidden`.
 * @see Gao, Zhang, Han, Callan (2021), Scaling deep contrastive learning batch size under memory limited setup, section 3.
 *
 * @example
 * ```ts
 * import { gradCache } from "@kindred/grad-cache";
 * import { linear, matmulTransposed, sum } from "@kindred/nn";
 * import { startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
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
  const embedded: EmbeddedColumn[] = [];
  const gradients: { [name in Name]?: Float } = {};
  const addPart = (name: string, part: Float) => {
    if (onGradient) return onGradient(name as Name, part);
    const sum = gradients[name as Name];
    gradients[name as Name] = sum ? tf.add(sum, part) : tf.clone(part);
    sum?.dispose();
  };
  const receivers = { onGradient: addPart, ...(onRowGradient && { onRowGradient }) };
  let cache: Cache | undefined;
  try {
    for (const [column, chunks] of columns.entries()) embedded.push(embedColumn(chunks, column, embed));
    cache = cacheGradients(embedded, loss);
    for (const [column, chunks] of columns.entries()) {
      for (const [i, chunk] of chunks.entries()) {
        const rows = cutRows(embedded[column]!, cache.gradients[column]!, i);
        try {
          goBack(() => embed(chunk, column), { ...rows, parameters, receivers });
        } finally {
          tf.dispose([rows.before, rows.upstream] as tf.Tensor[]);
        }
      }
    }
    return { value: cache.value, gradients };
  } catch (error) {
    tf.dispose([cache?.value, gradients] as tf.TensorContainer);
    throw error;
  } finally {
    tf.dispose([embedded.map(({ embeddings }) => embeddings), cache?.gradients] as tf.TensorContainer);
  }
}

/** A column's embeddings, and the row at which each chunk starts; the last start is the number of rows. */
type EmbeddedColumn = { readonly embeddings: Float<"batch hidden">; readonly starts: readonly number[] };

/** Step 1: the embeddings of all rows of a column, and nothing else. */
function embedColumn<Chunk>(
  chunks: readonly Chunk[],
  column: number,
  embed: GradCacheOptions<Chunk>["embed"],
): EmbeddedColumn {
  const starts = [0];
  const embeddings = tf.tidy(() => {
    const parts = chunks.map((chunk) => tf.tidy(() => embed(chunk, column)));
    for (const [i, part] of parts.entries()) {
      const name = `embed(chunk ${i}, column ${column})`;
      const { chunk } = expectShapes("gradCache", {
        [name]: [part, "chunk hidden", "float32"],
        "the first": [parts[0], "first hidden"],
      });
      starts.push(starts[i]! + chunk!);
    }
    return tf.concat(parts as tf.Tensor2D[], 0);
  });
  return { embeddings, starts };
}

/** The loss, and its gradient with respect to each column's embeddings. */
type Cache = { readonly value: Float<"">; readonly gradients: readonly Float<"batch hidden">[] };

/** Step 2. */
function cacheGradients(embedded: readonly EmbeddedColumn[], loss: GradCacheOptions<unknown>["loss"]): Cache {
  const embeddings = embedded.map((column) => column.embeddings);
  const byColumn = Object.fromEntries(embeddings.map((embedding, column) => [`${column}`, embedding]));
  const { value, gradients } = valueAndGradients(() => loss([...embeddings]), byColumn);
  const ofColumns = embeddings.map((_, column) => gradients[column] as Float<"batch hidden"> | undefined);
  const missing = ofColumns.indexOf(undefined);
  if (missing === -1) return { value, gradients: ofColumns as Float<"batch hidden">[] };
  tf.dispose([value, ofColumns] as tf.TensorContainer);
  throw new ConfigError(
    `gradCache: the loss does not depend on a column. Got no gradient for column ${missing} of ${embeddings.length}, expected one ` +
      "for each. Leave the column out, or use its embeddings in the loss.",
    { column: missing, columns: embeddings.length },
  );
}

/** What step 3 needs of one chunk: its embeddings of step 1, and their gradient. */
type ChunkRows = { readonly before: Float<"chunk hidden">; readonly upstream: Float<"chunk hidden"> };

function cutRows({ embeddings, starts }: EmbeddedColumn, gradient: Float<"batch hidden">, i: number): ChunkRows {
  const rows = (whole: Float) => tf.slice(whole as tf.Tensor2D, [starts[i]!, 0], [starts[i + 1]! - starts[i]!, -1]);
  return { before: rows(embeddings), upstream: rows(gradient) };
}

type BackOptions = ChunkRows & {
  readonly parameters: { readonly [name: string]: Float };
  readonly receivers: Pick<ValueAndGradientsOptions, "onGradient" | "onRowGradient">;
};

/** Step 3 for one chunk. */
function goBack(embed: () => Float<"chunk hidden">, { before, upstream, parameters, receivers }: BackOptions): void {
  const { value } = valueAndGradients(embedAgain, parameters, { upstream, ...receivers });
  value.dispose();

  function embedAgain(): Float<"chunk hidden"> {
    const again = embed();
    checkReplay(before, again);
    return again;
  }
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
