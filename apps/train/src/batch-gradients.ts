import { contrastive } from "@kindred/contrastive-loss";
import { openDataset } from "@kindred/datasets/node";
import { DataError } from "@kindred/errors";
import { lossShare } from "@kindred/loss";
import { openModelFolder } from "@kindred/model-folder/node";
import { embedSentences, loadParameters, modelSettings, startEngine } from "@kindred/sentence-encoder";
import { toFloat32Array, valueAndGradients } from "@kindred/tensor";
import { fromFloat32, type NamedTensor } from "@kindred/tensor-files";
import * as tf from "@tensorflow/tfjs-core";

/** Which loss of which batch {@link batchGradients} takes. */
export type BatchGradientsOptions = {
  /** Folder of the model. */
  readonly model: string;
  /** File of pairs, triplets or longer rows; all of it is one batch. */
  readonly data: string;
  /** Tokens of a text that are read. Default: the model's own limit. */
  readonly maxLength?: number;
  /** Find the right text both ways, or for the first column only. Default `"symmetric"`. */
  readonly direction?: "symmetric" | "one-way";
  /** Factor on the cosines. Default 20. */
  readonly scale?: number;
};

/**
 * The contrastive loss of one batch and the gradient of every weight by its Hugging Face name, with dropout off and no text left
 * out as a duplicate: for comparing with other implementations. Runs in this thread on wasm.
 *
 * @throws DataError, FormatError or ConfigError for what cannot be read.
 *
 * @example
 * ```ts ignore
 * import { batchGradients } from "@kindred/train";
 *
 * const { loss, gradients } = await batchGradients({ model: "runs/my-run/model", data: "pairs.jsonl", maxLength: 64 });
 * console.log(loss, gradients.get("encoder.layer.0.attention.attn.q.weight")?.shape);
 * ```
 */
export async function batchGradients(
  options: BatchGradientsOptions,
): Promise<{ loss: number; gradients: Map<string, NamedTensor> }> {
  const { model, data, direction = "symmetric", scale = 20 } = options;
  const folder = await openModelFolder(model);
  const settings = modelSettings(folder);
  const { tokenizer } = folder;
  const rows: (readonly string[])[] = [];
  for await (const { texts } of openDataset(data).rows()) rows.push(texts);
  if (rows.length < 2 || rows[0]!.length < 2)
    throw new DataError({ file: data }, "no batch. Expected at least two rows of two texts.");
  await startEngine("wasm");
  const parameters = await loadParameters(folder);
  const { maxLength = settings.maxSeqLength } = options;
  const columns = rows[0]!.map((_, column) =>
    tokenizer.encodeBatch(
      rows.map((row) => row[column]!),
      { maxLength },
    ),
  );
  const { value, gradients } = valueAndGradients(
    () =>
      lossShare(
        contrastive({ scale, direction, equalTexts: "keep" }),
        columns.map((column) => embedSentences(parameters, column, settings)),
      ),
    parameters,
  );
  const loss = value.dataSync()[0]!;
  const named = new Map(
    Object.entries(gradients).map(([name, gradient]) => [
      name,
      fromFloat32(toFloat32Array(gradient!), gradient!.shape),
    ]),
  );
  tf.dispose([value, Object.values(gradients), Object.values(parameters)] as tf.TensorContainer);
  return { loss, gradients: named };
}
