import { wasm } from "@kindred/backend-wasm";
import type { EncoderFamily } from "@kindred/encoder";
import { filesInMemory, type ModelFiles, type ModelFolder, readModelFolder } from "@kindred/model-folder";
import type { WeightForm } from "@kindred/nn";
import type { Engine } from "@kindred/tensor";
import { type LoadModel, loadWeights, localEmbedder } from "./local-embedder.ts";
import { SentenceEncoder } from "./sentence-encoder.ts";
import { openSentenceModel } from "./sentence-model.ts";

/** Options of {@link sentenceEncoderFromFiles}. */
export type FromFilesOptions = {
  /** What runs the model. Default: `wasm()` of `@kindred/backend-wasm`, which a bundled page must tell where tfjs's `.wasm` files are. */
  readonly engine?: Engine;
  /** The families of encoders among which `config.json` chooses. Default: all that Kindred has. */
  readonly families?: readonly EncoderFamily[];
  /** How the weights of linear maps are kept, as `loadSentenceEncoder` says. Default: `"float32"`. */
  readonly weights?: WeightForm;
  /** Told of weights that are NaN or infinite, by the tensor's name, and of lengths of vectors that the model was not trained for. Default: `console.warn`. */
  readonly onWarning?: (message: string) => void;
};

/**
 * A sentence encoder from the files of a sentence-transformers folder, in this thread. Runs in browsers. Weights may be
 * `model.safetensors`, several files and `model.safetensors.index.json`, or `pytorch_model.bin`, in float32, float16 or bfloat16.
 *
 * @throws FormatError for a folder that is not a whole model of a known family.
 * @throws ConfigError when the engine has no such form of weights.
 *
 * @example
 * ```ts
 * import { initialParameters } from "@kindred/encoder";
 * import { mpnet } from "@kindred/mpnet";
 * import { keyFromSeed } from "@kindred/random";
 * import { sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
 * import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
 *
 * const json = { model_type: "mpnet", vocab_size: 8, hidden_size: 6, num_hidden_layers: 1, num_attention_heads: 2 };
 * const { specs } = mpnet.open(json, { file: "config.json" });
 * const weights = Object.entries(initialParameters(specs, keyFromSeed(1))); // random: a toy
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const encoder = await sentenceEncoderFromFiles({
 *   "config.json": bytes(JSON.stringify(json)),
 *   "vocab.txt": bytes("<s>\n<pad>\n</s>\n<unk>\ncat\nsat\n[UNK]\n<mask>\n"),
 *   "model.safetensors": writeSafetensors(weights.map(([name, { shape, values }]) => [name, fromFloat32(values, shape)])),
 * });
 * const { dimension, embeddings } = await encoder.encode(["cat sat", "sat"]);
 * [dimension, embeddings.length]; // => [6, 12]
 * ```
 */
export async function sentenceEncoderFromFiles(
  files: ModelFiles,
  options: FromFilesOptions = {},
): Promise<SentenceEncoder> {
  return encoderFromFolder(await readModelFolder(filesInMemory(files)), options);
}

/** What runs a model of vectors in this thread. */
export async function encoderFromFolder(
  folder: ModelFolder,
  { engine = wasm(), families, weights = "float32", onWarning = console.warn }: FromFilesOptions,
): Promise<SentenceEncoder> {
  const model = openSentenceModel(folder, families === undefined ? {} : { families });
  model.tokenizer; // refused before weights are read
  const load: LoadModel = (onLoaded) => loadWeights(folder, model, { weights, onWarning, onLoaded });
  const embedder = { ...(await localEmbedder(engine, load, model)), weights };
  return new SentenceEncoder(model, embedder, { onWarning });
}
