import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { FormatError } from "@kindred/errors";
import type { ModelFolder } from "@kindred/model-folder";
import { openModelFolder } from "@kindred/model-folder/node";
import type { MpnetConfig } from "@kindred/mpnet";
import type { PoolingConfig } from "@kindred/pooling";
import type { Dtype } from "@kindred/tensor-files";
import type { DenseConfig } from "../dense-config.ts";
import { type ModelSettings, modelSettings } from "../model-settings.ts";

/** One module of a model, in the order in which a text goes through them. Paths are relative to the model's folder. */
export type ModuleDescription =
  | { readonly kind: "Transformer"; readonly path: string; readonly config: MpnetConfig }
  | { readonly kind: "Pooling"; readonly path: string; readonly pooling: PoolingConfig }
  | { readonly kind: "Dense"; readonly path: string; readonly dense: DenseConfig }
  | { readonly kind: "Normalize" | "Dropout"; readonly path: string };

/** What a model folder holds, as plain data. */
export type ModelDescription = {
  readonly modules: readonly ModuleDescription[];
  /** Length of a sentence's vector. */
  readonly dimension: number;
  readonly limits: {
    /** Tokens of a text that are read, `<s>` and `</s>` included. */
    readonly maxSeqLength: number;
    /** Tokens for which the model has positions. */
    readonly positions: number;
  };
  readonly tokenizer: {
    readonly file: string;
    readonly vocabularySize: number;
    readonly specialTokens: { readonly [role: string]: string };
    readonly lowercase: boolean;
    readonly stripAccents: boolean;
  };
  readonly weights: {
    /** The weights files that are read, the transformer's first. */
    readonly files: readonly string[];
    /** Numbers in them that the vectors depend on. */
    readonly parameterCount: number;
    /** How many of those are stored how. */
    readonly dtypes: { readonly [dtype in Dtype]?: number };
    /** Bytes of those as they are stored. */
    readonly bytes: number;
    /** Tensors in the files that the vectors do not depend on: the pooler, a masked-LM head, old buffers. */
    readonly unused: readonly string[];
  };
  readonly settings: Pick<
    ModelSettings,
    "prompts" | "defaultPromptName" | "similarityFunction" | "truncateDim" | "doLowerCase"
  >;
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
 * @throws FormatError for a folder that is no whole MPNet model, as loading it would
 *
 * @example
 * ```ts ignore
 * import { inspectModel } from "@kindred/sentence-encoder/node";
 *
 * const { weights, limits } = await inspectModel("all-mpnet-base-v2");
 * weights.parameterCount; // => 108895872
 * limits; // => { maxSeqLength: 384, positions: 512 }
 * ```
 */
export async function inspectModel(folder: string): Promise<ModelDescription> {
  const model = await openModelFolder(folder);
  const settings = modelSettings(model);
  const { config, pooling, dense } = settings;
  const { prompts, defaultPromptName, similarityFunction, truncateDim, doLowerCase } = settings;
  const whole = dense.at(-1)?.outFeatures ?? pooling.dimension * pooling.modes.length;
  return {
    modules: model.modules.map(({ kind, path }) => {
      if (kind === "Transformer") return { kind, path, config };
      if (kind === "Pooling") return { kind, path, pooling };
      if (kind !== "Dense") return { kind, path };
      return { kind, path, dense: dense.find((layer) => layer.path === path) ?? refuseDense(path) };
    }),
    dimension: Math.min(truncateDim ?? whole, whole),
    limits: {
      maxSeqLength: settings.maxSeqLength,
      positions: config.maxPositionEmbeddings - config.padTokenId - 1,
    },
    tokenizer: describeTokenizer(model),
    weights: await describeWeights(folder, model),
    settings: { prompts, defaultPromptName, similarityFunction, truncateDim, doLowerCase },
    provenance: await describeProvenance(folder, model),
  };
}

function refuseDense(path: string): never {
  throw new FormatError({ file: path }, "no such layer.");
}

function describeTokenizer({ tokenizer, tokenizerFile }: ModelFolder): ModelDescription["tokenizer"] {
  const { normalizer } = tokenizer.definition;
  return {
    file: tokenizerFile,
    vocabularySize: tokenizer.vocabularySize,
    specialTokens: Object.fromEntries(
      Object.entries(tokenizer.specialIds).map(([role, id]) => [role, tokenizer.tokenOf(id) ?? ""]),
    ),
    lowercase: normalizer.some(({ lowercase }) => lowercase),
    stripAccents: normalizer.some(({ stripAccents }) => stripAccents),
  };
}

async function describeWeights(folder: string, { modules }: ModelFolder): Promise<ModelDescription["weights"]> {
  const files: string[] = [];
  const dtypes: { [dtype in Dtype]?: number } = {};
  const unused: string[] = [];
  let [parameterCount, bytes] = [0, 0];
  for (const module of modules) {
    const weights = await module.openWeights();
    await weights.close();
    if (weights.tensors.size > 0) files.push(relative(folder, weights.file));
    for (const [name, { dtype, shape, byteLength }] of weights.tensors) {
      if (module === modules[0] && !/^(mpnet\.)?(embeddings|encoder)\.(?!position_ids)/.test(name)) {
        unused.push(name);
        continue;
      }
      const count = shape.reduce((product, size) => product * size, 1);
      dtypes[dtype] = (dtypes[dtype] ?? 0) + count;
      parameterCount += count;
      bytes += byteLength;
    }
  }
  return { files, parameterCount, dtypes, bytes, unused };
}

async function describeProvenance(
  folder: string,
  { modules, writtenWith }: ModelFolder,
): Promise<ModelDescription["provenance"]> {
  const name = modules[0].config["_name_or_path"];
  const card = await readFile(join(folder, "README.md"), "utf8").catch(() => "");
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? "";
  const fields = head.split(/\r?\n/).flatMap((line) => {
    const [, key, value] = /^([A-Za-z_]+): *(\S.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value.trim()] as const];
  });
  return {
    writtenWith,
    baseModel: typeof name === "string" && name !== "" ? name : undefined,
    card: Object.fromEntries(fields),
  };
}
