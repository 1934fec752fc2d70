import { wasm } from "@kindred/backend-wasm";
import { startPool } from "@kindred/mesh/node";
import type { ModelFolder } from "@kindred/model-folder";
import { openCrossEncoderFolder, openModelFolder } from "@kindred/model-folder/node";
import type { WeightForm } from "@kindred/nn";
import { type Engine, moduleOfEngine } from "@kindred/tensor";
import { crossEncoderModel } from "../cross-encoder-model.ts";
import { sharedWeights } from "../frozen-parameters.ts";
import { type Embedder, type EmbeddingJob, loadWeights, localEmbedder } from "../local-embedder.ts";
import { openSentenceModel } from "../sentence-model.ts";
import { SentenceEncoder } from "../sentence-encoder.ts";
import type { EncodeProgramData } from "./encode-program.ts";

/** Options of {@link loadSentenceEncoder}. */
export type LoadOptions = {
  /**
   * Worker threads to encode on, which share one copy of the weights on `wasm()`. 0 = this thread, whose event loop then stands still
   * while a batch is encoded, unless the engine has devices that do it. Default: 1, or 0 for an engine that other threads cannot find.
   */
  readonly cores?: number;
  /**
   * What runs the model. Default: `wasm()` of `@kindred/backend-wasm`. On Node 22 and later it is faster as
   * `wasm({ revectorization: enableRevectorization() })`, which sets an experimental flag of V8 for the whole process.
   */
  readonly engine?: Engine;
  /**
   * How the weights of linear maps are kept: `"float32"`, `"bfloat16"`, in half the memory, or `"int8"`, in a quarter of it and with faster products. Vectors
   * differ a little. Default: `"float32"`, all that engines but `wasm()` have.
   */
  readonly weights?: WeightForm;
  /** Told of weights that are NaN or infinite, by the tensor's name, and of lengths of vectors that the model was not trained for. Default: `console.warn`. */
  readonly onWarning?: (message: string) => void;
};

/**
 * A sentence encoder from a sentence-transformers folder.
 *
 * Idle workers do not keep the process alive.
 *
 * @throws FormatError for a folder that is not a whole model of a known family, naming the file and the rule.
 * @throws ConfigError when worker threads can't find the engine, or it has no such form of weights.
 * @throws OutOfMemoryError when weights that threads share do not fit into one WebAssembly memory, 4 GiB.
 *
 * @example
 * ```ts ignore
 * import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
 *
 * await using encoder = await loadSentenceEncoder("runs/quickstart/model");
 * const { embeddings, dimension } = await encoder.encode(["A cat sat.", "A dog barked."]);
 * ```
 */
export function loadSentenceEncoder(folder: string, options: LoadOptions = {}): Promise<SentenceEncoder> {
  return loadFolder("loadSentenceEncoder", { folder, kind: "sentence-encoder" }, options);
}

/** A folder, and what is made of it. A folder alone does not always tell: a bare classifier is also a bare transformer. */
export type FolderOfKind = { readonly folder: string; readonly kind: "sentence-encoder" | "cross-encoder" };

/** The model in a folder as a model of vectors: a cross-encoder's vector of a pair is its logits. */
export async function openFolder({ folder, kind }: FolderOfKind): Promise<ModelFolder> {
  return kind === "cross-encoder" ? crossEncoderModel(await openCrossEncoderFolder(folder)) : openModelFolder(folder);
}

/** What runs the model in a folder, whatever its vectors are. */
export async function loadFolder(
  functionName: string,
  folder: FolderOfKind,
  {
    engine = wasm(),
    cores = engine.module === undefined ? 0 : 1,
    weights = "float32",
    onWarning = console.warn,
  }: LoadOptions = {},
): Promise<SentenceEncoder> {
  const opened = await openFolder(folder);
  const model = openSentenceModel(opened);
  model.tokenizer; // refused before threads start and weights are read
  const embedder =
    cores > 0
      ? await poolEmbedder(
          cores,
          { folder, weights, engine: moduleOfEngine(functionName, engine), shared: sharedWeights(model) },
          onWarning,
        )
      : await localEmbedder(engine, (onLoaded) => loadWeights(opened, model, { weights, onWarning, onLoaded }), model);
  return new SentenceEncoder(model, { ...embedder, weights }, { onWarning });
}

async function poolEmbedder(
  size: number,
  data: EncodeProgramData,
  onWarning: (message: string) => void,
): Promise<Embedder> {
  // Workers run what is built, also where this file is run as it is written: Node 20 reads no TypeScript.
  const file = import.meta.url.endsWith(".ts") ? "../../dist/node/encode-program.js" : "./encode-program.js";
  const program = new URL(file, import.meta.url);
  const told = new Set<string>(); // on engines that do not share them each worker loads the same weights
  const onMessage = (message: unknown) => {
    const warning = String(message);
    if (!told.has(warning)) onWarning(warning);
    told.add(warning);
  };
  const pool = await startPool<EmbeddingJob, Float32Array>({ size, program, data, onMessage });
  return { cores: size, embed: (job, order) => pool.run(job, order), close: () => pool.close() };
}
