import { contrastiveLoss, type ContrastiveLossOptions } from "@kindred/contrastive-loss";
import { gradCache } from "@kindred/grad-cache";
import { childKey, type Key } from "@kindred/random";
import { type EmbeddingSettings, embedSentences, type ModelParameters } from "@kindred/sentence-encoder";
import { type Float, valueAndGradients } from "@kindred/tensor";
import { allGather, type Core } from "@kindred/tpu-sharding";
import type * as tf from "@tensorflow/tfjs-core";
import type { BatchShare } from "./deal-batch.ts";
import { type TokenChunk, tokenChunks } from "./token-chunks.ts";

/** What a core computes the gradient of. */
export type TrainingTask = {
  readonly parameters: ModelParameters;
  readonly settings: EmbeddingSettings;
  readonly loss: Pick<ContrastiveLossOptions, "scale" | "similarity" | "direction">;
  /** Dropout is drawn by this key, the step, the column and the place; without it there is none. */
  readonly dropoutKey: Key | undefined;
  /** The most tokens that are run forward and back at once. */
  readonly maxBatchTokens: number;
  readonly core: Core;
};

/**
 * One step's loss and gradients on one core: its share of the mean loss over the global batch, and the gradient of the whole
 * loss through its own rows. Both add up over the cores to what one core would have with the whole batch.
 *
 * `onGradient` gets every parameter's gradient once it is final. A share of more than `maxBatchTokens` tokens in a column is
 * run in chunks, its loss nevertheless computed over all rows of all cores.
 */
export function trainingStep(
  task: TrainingTask,
  { step, share, totalRows }: { readonly step: number; readonly share: BatchShare; readonly totalRows: number },
  onGradient: (name: string, gradient: Float) => void,
): number {
  const { parameters, settings, core, dropoutKey } = task;
  const columns = share.columns.map((column) => tokenChunks(column, share.rows, task.maxBatchTokens));
  const embed = ({ batch, rows }: TokenChunk, column: number) => {
    const dropout = dropoutKey === undefined ? {} : { dropout: childKey(dropoutKey, step, column) };
    return embedSentences(parameters, batch, { ...settings, ...dropout, rows }) as tf.Tensor;
  };
  const loss = (embeddings: readonly Float<"batch hidden">[]) =>
    contrastiveLoss(embeddings, {
      ...task.loss,
      textIds: share.textIds,
      gather: (x) => allGather(x as tf.Tensor, core),
      firstRow: share.firstRow,
      totalRows,
    });
  const whole = columns.every((chunks) => chunks.length === 1);
  const { value } = whole
    ? valueAndGradients(() => loss(columns.map(([chunk], column) => embed(chunk!, column))), parameters, { onGradient })
    : gradCache({ columns, embed, loss, parameters, onGradient });
  const lossShare = value.dataSync()[0]!;
  value.dispose();
  return lossShare;
}
