import { symmetric } from "@kindred/contrastive-loss";
import type { TextRow } from "@kindred/datasets";
import { openDataset } from "@kindred/datasets/node";
import type { EncoderFamily } from "@kindred/encoder";
import { DataError } from "@kindred/errors";
import { fitRows, type Loss } from "@kindred/loss";
import { soloCore } from "@kindred/mesh";
import { wasm } from "@kindred/backend-wasm";
import { openModelFolder } from "@kindred/model-folder/node";
import { sentenceDimension } from "@kindred/pooling";
import { loadParameters, openSentenceModel } from "@kindred/sentence-encoder";
import { type Engine, type Float, toFloat32Array } from "@kindred/tensor";
import { fromFloat32, type NamedTensor } from "@kindred/tensor-files";
import {
  dealBatch,
  expectDimensions,
  expectGuides,
  expectPromptsPooled,
  familiesOf,
  type Guide,
  guideVectors,
  lossWeights,
  trainingStep,
} from "@kindred/trainer";
import * as tf from "@tensorflow/tfjs-core";

/** Which loss of which batch {@link batchGradients} takes. */
export type BatchGradientsOptions = {
  /** Folder of the model. */
  readonly model: string;
  /** File of rows of texts; all of it is one batch. */
  readonly data: string;
  /** Tokens of a text that are read, its prompt among them. Default: the model's own limit. */
  readonly maxLength?: number;
  /** What stands before every first text of a row, and before every further one. Default: nothing. */
  readonly prompts?: readonly [query: string, document: string];
  /**
   * The loss, or a function that gives it, of the length of the model's vectors. Default: symmetric, with all other texts as wrong answers,
   * equal ones too.
   */
  readonly loss?: Loss | ((model: { readonly dimension: number }) => Loss);
  /** The models whose vectors the loss asks for, by name. Default: none. */
  readonly guides?: { readonly [name: string]: Guide & { readonly dimension: number } };
  /** Of the first values of weights that the loss has of its own. Default: 42. */
  readonly seed?: number;
  /** The families of encoders among which the model's `config.json` chooses. Default: all that Kindred has. */
  readonly families?: readonly EncoderFamily[];
  /** What the step runs on, in this thread. Default: wasm. */
  readonly engine?: Engine;
};

/**
 * The loss of one batch and the gradient of every weight by its Hugging Face name, by the step of a training run with dropout off: for
 * comparing with other implementations. Runs in this thread, of an engine with devices on the first.
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
export async function batchGradients({
  model,
  data,
  maxLength,
  prompts = ["", ""],
  loss: asked = symmetric({ equalTexts: "keep" }),
  guides = {},
  seed = 42,
  families = familiesOf(),
  engine = wasm(),
}: BatchGradientsOptions): Promise<{ loss: number; gradients: Map<string, NamedTensor> }> {
  const folder = await openModelFolder(model);
  const sentenceModel = openSentenceModel(folder, { families });
  const { settings, tokenizer, modules } = sentenceModel;
  expectPromptsPooled(modules, prompts);
  const loss = typeof asked === "function" ? asked({ dimension: sentenceDimension(modules) }) : asked;
  expectGuides(loss, Object.keys(guides));
  expectDimensions(loss, guides);
  const rows: TextRow[] = [];
  const leastTexts = loss.needs?.texts?.least === 1 ? 1 : 2;
  for await (const row of openDataset(data, { leastTexts }).rows()) rows.push(row);
  const [first] = rows;
  if (first === undefined || rows.length < 2)
    throw new DataError({ file: data }, "no batch. Expected at least two rows.");
  fitRows(loss, first, { file: data });
  const columns = first.texts.map((_, column) =>
    tokenizer.encodeBatch(
      rows.map(({ texts }) => (prompts[Math.min(column, 1)] ?? "") + (texts[column] ?? "")),
      { maxLength: maxLength ?? settings.maxSeqLength },
    ),
  );
  const [dealt] = dealBatch(rows, columns, { cores: 1, loss });
  const share = dealt!; // one core, one share
  const texts = first.texts.map((_, column) => Array.from(share.rows, (row) => rows[row]?.texts[column] ?? ""));
  const vectors = await guideVectors(loss, texts, guides);
  const job = { step: 0, share: { ...share, data: { ...share.data, vectors } }, totalRows: rows.length };
  const running = await engine.start();
  const { devices, read, stop } = running;
  try {
    const own = Object.entries(lossWeights(loss, { seed })).map(
      ([name, { values, shape }]) => [name, tf.tensor(values, [...shape])] as const,
    );
    const parameters = { ...(await loadParameters(folder, sentenceModel)), ...Object.fromEntries(own) };
    const weights = Object.values(parameters);
    const found = new Map<string, Float | NamedTensor>();
    const onGradient = (name: string, gradient: Float) =>
      void found.set(
        name,
        devices === undefined ? stored(toFloat32Array(gradient), gradient) : tf.keep(gradient.clone()),
      );
    const without = { dropoutKey: undefined, maxBatchTokens: Number.POSITIVE_INFINITY, core: soloCore() };
    const task = { parameters, model: sentenceModel, loss, ...without };
    const work = () => trainingStep(task, job, { onGradient }).loss;
    devices?.place(weights, 0);
    const lossOfBatch = devices === undefined ? work() : devices.on(0, work); // there nothing is read before it is over
    const take = async (tensor: Float) => {
      const values = new Float32Array(tensor.size);
      await read(tensor, values);
      tensor.dispose();
      return stored(values, tensor);
    };
    const value = new Float32Array(1);
    await read(lossOfBatch, value);
    const gradients = new Map<string, NamedTensor>();
    for (const [name, gradient] of found)
      gradients.set(name, gradient instanceof tf.Tensor ? await take(gradient) : gradient);
    tf.dispose([lossOfBatch, weights] as tf.TensorContainer);
    return { loss: value[0] ?? Number.NaN, gradients };
  } finally {
    stop();
  }
}

function stored(values: Float32Array, { shape }: Float): NamedTensor {
  return fromFloat32(values, shape);
}
