import { localEmbedder } from "./local-embedder.ts";
import type { ModelFiles } from "./model-files.ts";
import { modelSettings } from "./model-settings.ts";
import { modelTokenizer } from "./model-tokenizer.ts";
import { loadParameters } from "./load-parameters.ts";
import { SentenceEncoder } from "./sentence-encoder.ts";
import { type EngineName, startEngine } from "./start-engine.ts";
import { weightFilesIn } from "./weight-files.ts";

/** Options of {@link sentenceEncoderFromFiles}. */
export type FromFilesOptions = {
  /** What runs the model. Default: `"wasm"`, Kindred's own kernels. */
  readonly backend?: EngineName;
  /** The folder, or the addresses by file name, of tfjs's `.wasm` files. Needed in a bundled page; Node finds them itself. */
  readonly wasmPaths?: string | { readonly [file: string]: string };
};

/**
 * A sentence encoder from the files of a sentence-transformers folder, in this thread. Runs in browsers. Weights may be
 * `model.safetensors`, several files and `model.safetensors.index.json`, or `pytorch_model.bin`, in float32, float16 or bfloat16.
 *
 * @throws FormatError for a folder that is not a whole MPNet model.
 */
export async function sentenceEncoderFromFiles(
  files: ModelFiles,
  options: FromFilesOptions = {},
): Promise<SentenceEncoder> {
  const settings = modelSettings(files);
  const tokenizer = modelTokenizer(files);
  const { backend = "wasm", wasmPaths } = options;
  await startEngine(backend, wasmPaths === undefined ? {} : { wasmPaths });
  const parameters = await loadParameters(files, weightFilesIn(files));
  return new SentenceEncoder(settings, tokenizer, localEmbedder(parameters, settings));
}
