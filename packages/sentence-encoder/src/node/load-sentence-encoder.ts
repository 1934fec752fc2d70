import { enableRevectorization } from "@kindred/backend-wasm/node";
import { startMesh } from "@kindred/mesh/node";
import { openModelFolder } from "@kindred/model-folder/node";
import { loadParameters } from "../load-parameters.ts";
import { localEmbedder } from "../local-embedder.ts";
import { modelSettings } from "../model-settings.ts";
import { type Embedder, SentenceEncoder } from "../sentence-encoder.ts";
import { type EngineName, startEngine } from "../start-engine.ts";
import type { TokenBatch } from "../token-batch.ts";
import type { EncodeProgramData } from "./encode-program.ts";

/** Options of {@link loadSentenceEncoder}. */
export type LoadOptions = {
  /**
   * Worker threads to encode on, each with its own copy of the weights. 0 = this thread, whose event loop then stands still
   * while a batch is encoded. Default: 1.
   */
  readonly cores?: number;
  /** What runs the model. Default: `"wasm"`, Kindred's own kernels. */
  readonly backend?: EngineName;
  /**
   * Let V8 pair the kernels' 128-bit instructions to 256 bits: faster on Node 22 and later, after a check that the results
   * are the same. It sets an experimental flag of V8 for the whole process, so it is the caller's choice. Default: false.
   */
  readonly revectorize?: boolean;
};

/**
 * A sentence encoder from a sentence-transformers folder.
 *
 * Idle workers do not keep the process alive.
 *
 * @throws FormatError for a folder that is not a whole MPNet model, naming the file and the rule.
 *
 * @example
 * ```ts ignore
 * import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
 *
 * await using encoder = await loadSentenceEncoder("runs/quickstart/model");
 * const { embeddings, dimension } = await encoder.encode(["A cat sat.", "A dog barked."]);
 * ```
 */
export async function loadSentenceEncoder(
  folder: string,
  { cores = 1, backend = "wasm", revectorize = false }: LoadOptions = {},
): Promise<SentenceEncoder> {
  const model = await openModelFolder(folder);
  const settings = modelSettings(model);
  const { tokenizer } = model;
  const revectorization = revectorize ? enableRevectorization() : undefined; // before any thread compiles a kernel
  if (cores > 0)
    return new SentenceEncoder(settings, tokenizer, await meshEmbedder(cores, { folder, backend, revectorize }));
  await startEngine(backend, revectorization === undefined ? {} : { revectorization });
  return new SentenceEncoder(settings, tokenizer, localEmbedder(await loadParameters(model), settings));
}

async function meshEmbedder(cores: number, data: EncodeProgramData): Promise<Embedder> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const mesh = await startMesh({ cores, program: new URL(`./encode-program.${extension}`, import.meta.url), data });
  const onAllCores = async (method: "embed" | "hiddenStates", batches: readonly TokenBatch[]) => {
    const perCore: (TokenBatch | undefined)[] = Array.from({ length: cores }, (_, core) => batches[core]);
    const results = (await mesh.call(method, perCore)) as (Float32Array | undefined)[];
    return results.filter((values) => values !== undefined);
  };
  return {
    cores,
    embed: (batches) => onAllCores("embed", batches),
    hiddenStates: (batches) => onAllCores("hiddenStates", batches),
    close: () => mesh.close(),
  };
}
