import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MpnetConfig } from "@kindred/mpnet";
import type { PoolingConfig } from "@kindred/pooling";
import type { Dtype } from "@kindred/tensor-files";
import type { DenseConfig } from "../dense-config.ts";
import { jsonObjectFile, type ModelFiles } from "../model-files.ts";
import { modelModules } from "../model-modules.ts";
import { type ModelSettings, modelSettings } from "../model-settings.ts";
import { modelTokenizer } from "../model-tokenizer.ts";
import { weightFile } from "../weight-files.ts";
import { folderWeightFiles } from "./folder-weight-files.ts";
import { openWeightFile } from "./open-weight-file.ts";
import { readModelFolder } from "./read-model-folder.ts";

/** One module of a model, in the order in which a text goes through them. Paths are relative to the model's folder. */
export type ModuleDescription =
  | { readonly kind: "Transformer"; readonly path: string; readonly config: MpnetConfig }
  | { readonly kind: "Pooling"; readonly path: string | undefined; readonly pooling: PoolingConfig }
  | { readonly kind: "Dense"; readonly path: string; readonly dense: DenseConfig }
  | { readonly kind: "Normalize" };

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
  const files = await readModelFolder(folder);
  const settings = modelSettings(files);
  const modules = modelModules(files);
  const {
    config,
    pooling,
    dense,
    normalize,
    prompts,
    defaultPromptName,
    similarityFunction,
    truncateDim,
    doLowerCase,
  } = settings;
  const whole = dense.at(-1)?.outFeatures ?? pooling.dimension * pooling.modes.length;
  return {
    modules: [
      { kind: "Transformer", path: modules.transformerFolder, config },
      { kind: "Pooling", path: modules.poolingFile?.replace(/\/config\.json$/, ""), pooling },
      ...dense.map((layer) => ({ kind: "Dense", path: layer.path, dense: layer }) as const),
      ...(normalize ? [{ kind: "Normalize" } as const] : []),
    ],
    dimension: Math.min(truncateDim ?? whole, whole),
    limits: {
      maxSeqLength: settings.maxSeqLength,
      positions: config.maxPositionEmbeddings - config.padTokenId - 1,
    },
    tokenizer: describeTokenizer(files, modules.transformerFolder),
    weights: await describeWeights(folder, [
      modules.transformerFolder,
      ...modules.denseFolders.map((path) => `${path}/`),
    ]),
    settings: { prompts, defaultPromptName, similarityFunction, truncateDim, doLowerCase },
    provenance: await describeProvenance(folder, files, modules.transformerFolder),
  };
}

function describeTokenizer(files: ModelFiles, transformerFolder: string): ModelDescription["tokenizer"] {
  const tokenizer = modelTokenizer(files);
  const { lowercase, stripAccents } = tokenizer.definition.normalizer;
  const json = `${transformerFolder}tokenizer.json`;
  return {
    file: Object.hasOwn(files, json) ? json : `${transformerFolder}vocab.txt`,
    vocabularySize: tokenizer.vocabularySize,
    specialTokens: Object.fromEntries(
      Object.entries(tokenizer.specialIds).map(([role, id]) => [role, tokenizer.tokenOf(id) ?? ""]),
    ),
    lowercase,
    stripAccents,
  };
}

async function describeWeights(folder: string, moduleFolders: readonly string[]): Promise<ModelDescription["weights"]> {
  const weightFiles = folderWeightFiles(folder);
  const paths: string[] = [];
  const dtypes: { [dtype in Dtype]?: number } = {};
  const unused: string[] = [];
  let [parameterCount, bytes] = [0, 0];
  for (const moduleFolder of moduleFolders) {
    const path = await weightFile(weightFiles, moduleFolder);
    paths.push(path);
    await using file = await openWeightFile(weightFiles.nameOf(path));
    for (const [name, { dtype, shape, byteLength }] of file.tensors) {
      if (moduleFolder === moduleFolders[0] && !/^(mpnet\.)?(embeddings|encoder)\.(?!position_ids)/.test(name)) {
        unused.push(name);
        continue;
      }
      const count = shape.reduce((product, size) => product * size, 1);
      dtypes[dtype] = (dtypes[dtype] ?? 0) + count;
      parameterCount += count;
      bytes += byteLength;
    }
  }
  return { files: paths, parameterCount, dtypes, bytes, unused };
}

async function describeProvenance(
  folder: string,
  files: ModelFiles,
  transformerFolder: string,
): Promise<ModelDescription["provenance"]> {
  const texts = (value: unknown) =>
    Object.fromEntries(
      Object.entries((value ?? {}) as object).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      ),
    );
  const config = jsonObjectFile(files, `${transformerFolder}config.json`) ?? {};
  const sentence = jsonObjectFile(files, "config_sentence_transformers.json") ?? {};
  const name = config["_name_or_path"];
  const card = await readFile(join(folder, "README.md"), "utf8").catch(() => "");
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? "";
  const fields = head.split(/\r?\n/).flatMap((line) => {
    const [, key, value] = /^([A-Za-z_]+): *(\S.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value.trim()] as const];
  });
  return {
    writtenWith: texts(sentence["__version__"]),
    baseModel: typeof name === "string" && name !== "" ? name : undefined,
    card: Object.fromEntries(fields),
  };
}
