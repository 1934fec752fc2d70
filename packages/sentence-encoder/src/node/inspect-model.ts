import { relative } from "node:path";
import type { EncoderFamily, JsonObject } from "@kindred/encoder";
import type { ModelFolder, ModelSettings } from "@kindred/model-folder";
import { filesInFolder, openModelFolder } from "@kindred/model-folder/node";
import type { WeightForm } from "@kindred/nn";
import { sentenceDimension, type SentenceModules } from "@kindred/pooling";
import type { Dtype } from "@kindred/tensor-files";
import { modulesWithParameters, storedNamesOf } from "../model-weights.ts";
import { modelSpecs, openSentenceModel, type SentenceModel } from "../sentence-model.ts";

/** One module of a model, in the order in which a text goes through them. */
export type ModuleDescription =
  | { readonly kind: "Transformer" | "StaticEmbedding"; readonly description: string; readonly config: JsonObject }
  | SentenceModules[number];

/** What a model folder holds, as plain data. */
export type ModelDescription = {
  readonly modules: readonly ModuleDescription[];
  /** Length of a sentence's vector. */
  readonly dimension: number;
  readonly limits: {
    /** Tokens of a text that are read, special ones included. */
    readonly maxSeqLength: number;
    /** Tokens for which the model has positions. */
    readonly positions: number;
    /** Rows of its table of words: as many ids as a token may have. The tokenizer may have fewer, or more. */
    readonly words: number;
  };
  readonly tokenizer: {
    readonly file: string;
    readonly vocabularySize: number;
    readonly specialTokens: { readonly [role: string]: string };
    readonly lowercase: boolean;
    readonly stripAccents: boolean;
  };
  readonly weights: {
    /** The weights files that are read, relative to the folder, the transformer's first. */
    readonly files: readonly string[];
    /** Numbers in them that the vectors depend on. */
    readonly parameterCount: number;
    /** How many of those are stored how. */
    readonly dtypes: { readonly [dtype in Dtype]?: number };
    /** Bytes of those as they are stored. */
    readonly bytes: number;
    /**
     * Bytes of the model in memory by how the weights of its linear maps are kept, to a percent or two: once for all cores, of what is float32 in
     * all forms too.
     */
    readonly memory: { readonly [form in WeightForm]: number };
    /** Tensors in the files that the vectors do not depend on: the pooler, a masked-LM head, old buffers. */
    readonly unused: readonly string[];
  };
  readonly settings: Omit<ModelSettings, "maxSeqLength">;
  readonly provenance: {
    /** Versions of the libraries that wrote the folder, by name. */
    readonly writtenWith: { readonly [library: string]: string };
    /** The model it was trained from, as `config.json` names it. */
    readonly baseModel: string | undefined;
    /** One-line fields of the model card's head: `license`, `base_model`, `pipeline_tag`, … */
    readonly card: { readonly [field: string]: string };
  };
};

/**
 * What a model folder holds: modules and sizes, tokenizer, limits, how many numbers are stored how, and where they come
 * from. Reads settings and the heads of weights files, no weights.
 *
 * @throws FormatError for a folder that is no whole model of a known family, as loading it would
 *
 * @example
 * ```ts ignore
 * import { inspectModel } from "@kindred/sentence-encoder/node";
 *
 * const { weights, limits } = await inspectModel("all-mpnet-base-v2");
 * weights.parameterCount; // => 108895872
 * limits; // => { maxSeqLength: 384, positions: 512, words: 30527 }
 * ```
 */
export async function inspectModel(
  path: string,
  options: { readonly families?: readonly EncoderFamily[] } = {},
): Promise<ModelDescription> {
  const folder = await openModelFolder(path);
  const model = openSentenceModel(folder, options);
  const { encoder, modules } = model;
  const { maxSeqLength, ...settings } = model.settings;
  const whole = sentenceDimension(modules);
  return {
    modules: [
      {
        kind: folder.modules[0].kind === "StaticEmbedding" ? "StaticEmbedding" : "Transformer",
        description: encoder.description,
        config: folder.modules[0].config,
      },
      ...modules,
    ],
    dimension: Math.min(settings.truncateDim ?? whole, whole),
    limits: { maxSeqLength, positions: encoder.sizes.longest, words: encoder.sizes.vocabulary },
    tokenizer: describeTokenizer(folder),
    weights: await describeWeights(path, folder, model),
    settings,
    provenance: await describeProvenance(path, folder),
  };
}

function describeTokenizer({ tokenizer, tokenizerFile }: ModelFolder): ModelDescription["tokenizer"] {
  const { normalizer, bare } = tokenizer.definition;
  const isThere = (role: string) => bare === undefined || (role !== "bos" && role !== "eos");
  return {
    file: tokenizerFile,
    vocabularySize: tokenizer.vocabularySize,
    specialTokens: Object.fromEntries(
      Object.entries(tokenizer.specialIds)
        .filter(([role]) => isThere(role))
        .map(([role, id]) => [role, tokenizer.tokenOf(id) ?? ""]),
    ),
    lowercase: normalizer.some((step) => step.kind === "Bert" && step.lowercase),
    stripAccents: normalizer.some((step) => step.kind === "Bert" && step.stripAccents),
  };
}

async function describeWeights(
  path: string,
  folder: ModelFolder,
  model: SentenceModel,
): Promise<ModelDescription["weights"]> {
  const files: string[] = [];
  const dtypes: { [dtype in Dtype]?: number } = {};
  const unused: string[] = [];
  let [parameterCount, bytes] = [0, 0];
  for (const { stored, specs, nameOf } of modulesWithParameters(folder, model)) {
    const weights = await stored.openWeights();
    await weights.close();
    files.push(relative(path, weights.file));
    const found = new Set(storedNamesOf(weights, specs, nameOf).values());
    for (const [name, { dtype, shape, byteLength }] of weights.tensors) {
      if (!found.has(name)) {
        unused.push(name);
        continue;
      }
      const count = shape.reduce((product, size) => product * size, 1);
      dtypes[dtype] = (dtypes[dtype] ?? 0) + count;
      parameterCount += count;
      bytes += byteLength;
    }
  }
  return { files, parameterCount, dtypes, bytes, memory: memoryOf(model), unused };
}

function memoryOf(model: SentenceModel): ModelDescription["weights"]["memory"] {
  let [inMatrices, others] = [0, 0];
  for (const { kind, shape } of modelSpecs(model)) {
    const count = shape.reduce((product, size) => product * size, 1);
    if (kind === "matrix") inMatrices += count;
    else others += count;
  }
  const bytesOf = (each: number) => each * inMatrices + 4 * others;
  return { float32: bytesOf(4), bfloat16: bytesOf(2), int8: bytesOf(1) };
}

async function describeProvenance(path: string, folder: ModelFolder): Promise<ModelDescription["provenance"]> {
  const name = folder.modules[0].config["_name_or_path"];
  const card = await filesInFolder(path).read("README.md");
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(new TextDecoder().decode(card))?.[1] ?? "";
  const fields = head.split(/\r?\n/).flatMap((line) => {
    const [, key, value] = /^([A-Za-z_]+): *(\S.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value.trim()] as const];
  });
  return {
    writtenWith: folder.writtenWith,
    baseModel: typeof name === "string" && name !== "" ? name : undefined,
    card: Object.fromEntries(fields),
  };
}
