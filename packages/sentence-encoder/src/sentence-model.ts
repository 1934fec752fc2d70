import { type DropoutRates, type Encoder, type EncoderFamily, openEncoder, type ParameterSpec } from "@kindred/encoder";
import { ShapeError } from "@kindred/errors";
import { type ModelFolder, type ModelSettings, newModule, staticModelType } from "@kindred/model-folder";
import { moduleConfig, moduleSpecs, type SentenceModules, sentenceModules } from "@kindred/pooling";
import { fromFloat32, type NamedTensor } from "@kindred/tensor-files";
import type { Tokenizer } from "@kindred/tokenizer";
import { families as ownFamilies } from "./families.ts";

/** What makes vectors of tokens, without parameters: the encoder and the modules after it. */
export type EmbeddingModel = { readonly encoder: Encoder; readonly modules: SentenceModules };

/**
 * The parameters of a model, in the order in which data meets them.
 *
 * @example
 * ```ts
 * import { bert } from "@kindred/bert";
 * import { modelSpecs } from "@kindred/sentence-encoder";
 *
 * const encoder = bert.open({ num_hidden_layers: 0 }, { file: "config.json" });
 * const modules = [{ kind: "Pooling", dimension: 768, modes: ["cls"] }] as const;
 * modelSpecs({ encoder, modules }).map(({ kind }) => kind); // => ["table", "table", "table", "gain", "shift"]
 * ```
 */
export function modelSpecs({ encoder, modules }: EmbeddingModel): ParameterSpec[] {
  return [...encoder.specs, ...moduleSpecs(modules)];
}

/** A model without its parameters: what makes vectors of texts, and what its folder says beside. */
export type SentenceModel = EmbeddingModel & {
  readonly tokenizer: Tokenizer;
  readonly settings: SentenceSettings;
};

/** A folder's settings, its limit of tokens resolved: what the files name, and no more than the encoder has positions for. */
export type SentenceSettings = ModelSettings & { readonly maxSeqLength: number };

/** Options of {@link openSentenceModel}. */
export type OpenModelOptions = {
  /** The families of encoders among which `config.json` chooses. Default: all that Kindred has. */
  readonly families?: readonly EncoderFamily[];
  /** Dropout while training. Default: the configuration's. */
  readonly dropout?: DropoutRates;
};

/**
 * The model that a folder describes.
 *
 * The limit of tokens is that of the folder, else as many as the encoder has positions for, and never more (where Python fails on
 * longer texts). The tokenizer is made when it is first asked for.
 *
 * @throws FormatError naming the file and the key, for anything that would change the vectors if it were ignored
 *
 * @example
 * ```ts
 * import { filesInMemory, readModelFolder } from "@kindred/model-folder";
 * import { openSentenceModel } from "@kindred/sentence-encoder";
 *
 * const json = { model_type: "mpnet", vocab_size: 8, hidden_size: 12, num_attention_heads: 2, max_position_embeddings: 34 };
 * const texts = { "config.json": JSON.stringify(json), "vocab.txt": "<s>\n<pad>\n</s>\n<unk>\ncat\nsat\n[UNK]\n<mask>\n" };
 * const files = Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)]));
 * const { modules, settings } = openSentenceModel(await readModelFolder(filesInMemory(files)));
 * modules; // => [{ kind: "Pooling", dimension: 12, modes: ["mean"] }]
 * settings.maxSeqLength; // => 32
 * ```
 */
export function openSentenceModel(
  folder: ModelFolder,
  { families = ownFamilies, dropout = {} }: OpenModelOptions = {},
): SentenceModel {
  const [transformer, ...others] = folder.modules;
  const encoder = openEncoder(families, transformer.config, { file: transformer.file, dropout });
  const { longest } = encoder.sizes;
  return {
    encoder,
    modules: sentenceModules(others, encoder.sizes.hidden),
    settings: {
      ...folder.settings,
      maxSeqLength: Math.min(Math.floor(folder.settings.maxSeqLength ?? longest), longest),
    },
    get tokenizer() {
      return folder.tokenizer;
    },
  };
}

/** What `modelFolderFiles` and `saveModelFolder` of `@kindred/model-folder` write. */
export type SavedModel = Pick<ModelFolder, "modules" | "tokenizer"> & { readonly settings: SentenceSettings };

/**
 * A model and its parameters in the form in which a folder is written: the encoder's own config.json and names, and zeros for
 * tensors that readers of its family want and no vector depends on (an untrained pooler).
 *
 * @param weights by the names of the specs, in any order; further ones are left out
 * @throws ShapeError if a parameter is missing
 *
 * @example
 * ```ts
 * import { initialParameters } from "@kindred/encoder";
 * import { filesInMemory, modelFolderFiles, readModelFolder } from "@kindred/model-folder";
 * import { keyFromSeed } from "@kindred/random";
 * import { openSentenceModel, savedModel } from "@kindred/sentence-encoder";
 * import { fromFloat32 } from "@kindred/tensor-files";
 *
 * const json = { model_type: "mpnet", vocab_size: 8, hidden_size: 6, num_hidden_layers: 1, num_attention_heads: 2 };
 * const texts = { "config.json": JSON.stringify(json), "vocab.txt": "<s>\n<pad>\n</s>\n<unk>\ncat\nsat\n[UNK]\n<mask>\n" };
 * const given = Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)]));
 * const model = openSentenceModel(await readModelFolder(filesInMemory(given)));
 * const random = Object.entries(initialParameters(model.encoder.specs, keyFromSeed(1)));
 * const weights = random.map(([name, { shape, values }]) => [name, fromFloat32(values, shape)] as const);
 * const files = await modelFolderFiles(savedModel(model, weights), { dtype: "float16" });
 * Object.keys(files).filter((path) => path.startsWith("mod")); // => ["modules.json", "model.safetensors"]
 * ```
 */
export function savedModel(
  { encoder, modules, tokenizer, settings }: SentenceModel,
  weights: Iterable<readonly [name: string, tensor: NamedTensor]>,
): SavedModel {
  const named = new Map(weights);
  const tensorsOf = (specs: readonly ParameterSpec[], prefix = "") =>
    specs.map(({ name }) => [name.slice(prefix.length), named.get(name) ?? missing(name)] as const);
  const zeros = encoder.unused.map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return [name, fromFloat32(new Float32Array(count), shape)] as const;
  });
  const [pooling, ...others] = modules;
  const json = encoder.configJson();
  const isStatic = json["model_type"] === staticModelType;
  return {
    modules: [
      newModule(isStatic ? "StaticEmbedding" : "Transformer", json, [...tensorsOf(encoder.specs), ...zeros]),
      newModule("Pooling", moduleConfig(pooling)),
      ...others.map((module) =>
        module.kind === "Dense"
          ? newModule("Dense", moduleConfig(module), tensorsOf(moduleSpecs([pooling, module]), `${module.path}.`))
          : newModule(module.kind, moduleConfig(module)),
      ),
    ],
    tokenizer,
    settings,
  };
}

function missing(name: string): never {
  throw new ShapeError(`savedModel: parameter ${name} is missing. Expected one for every spec of the model.`, { name });
}
