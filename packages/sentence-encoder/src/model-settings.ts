import { FormatError } from "@kindred/errors";
import type { ModelFolder, ModelModule, ModelSettings as FolderSettings } from "@kindred/model-folder";
import { type MpnetConfig, mpnetConfig } from "@kindred/mpnet";
import { type PoolingConfig, poolingFromConfig } from "@kindred/pooling";
import { type DenseConfig, denseFromConfig } from "./dense-config.ts";

/** What a sentence-transformers folder says beside its weights and its tokenizer. */
export type ModelSettings = FolderSettings & {
  readonly config: MpnetConfig;
  readonly pooling: PoolingConfig;
  /** The dense layers that a pooled vector goes through, in order. */
  readonly dense: readonly DenseConfig[];
  /** Whether sentence vectors are divided by their length at the end. */
  readonly normalize: boolean;
  /** The most tokens of a text that are read, `<s>` and `</s>` included. */
  readonly maxSeqLength: number;
};

/**
 * The settings of a model, as its folder gives them.
 *
 * The limit of tokens is what the folder says, and never more than the positions that the model has, which are two fewer
 * than `max_position_embeddings` for MPNet (where Python fails on longer texts).
 *
 * @throws FormatError naming the file and the rule, for anything that would change the vectors if it were ignored.
 *
 * @example
 * ```ts
 * import { filesInMemory, readModelFolder } from "@kindred/model-folder";
 * import { modelSettings } from "@kindred/sentence-encoder";
 *
 * const json = { model_type: "mpnet", vocab_size: 8, hidden_size: 12, num_attention_heads: 2, max_position_embeddings: 34 };
 * const files = { "config.json": new TextEncoder().encode(JSON.stringify(json)) };
 * const settings = modelSettings(await readModelFolder(filesInMemory(files)));
 * [settings.pooling.modes, settings.normalize, settings.maxSeqLength]; // => [["mean"], false, 32]
 * ```
 */
export function modelSettings({ modules, settings }: ModelFolder): ModelSettings {
  const [transformer, { config: pooling, file }, ...after] = modules;
  const config = mpnetConfig(transformer.config, { file: transformer.file });
  const [last, ...others] = after.filter(({ kind }) => kind !== "Dropout").reverse(); // which drops nothing where texts are encoded
  const normalize = last?.kind === "Normalize";
  const isBare = Object.keys(pooling).join() === "pooling_mode";
  const checked = poolingFromConfig(isBare ? { ...pooling, embedding_dimension: config.hiddenSize } : pooling, {
    file,
  });
  if (checked.dimension !== config.hiddenSize)
    throw new FormatError(
      { file },
      `Got a pooling over ${checked.dimension} dimensions, expected the model's hidden_size ${config.hiddenSize}.`,
    );
  const usable = config.maxPositionEmbeddings - config.padTokenId - 1; // positions count from padding_idx + 1
  return {
    ...settings,
    config,
    pooling: checked,
    dense: densesOf([...(normalize || last === undefined ? [] : [last]), ...others].reverse(), checked),
    normalize,
    maxSeqLength: Math.min(Math.floor(settings.maxSeqLength ?? usable), usable),
  };
}

function densesOf(modules: readonly ModelModule[], { dimension, modes }: PoolingConfig): DenseConfig[] {
  let size = dimension * modes.length;
  return modules.map(({ kind, path, config, file }) => {
    if (kind !== "Dense") throw new FormatError({ file }, `${kind} stands before Dense, expected it at the end.`);
    const dense = denseFromConfig(config, { file, path });
    if (dense.inFeatures !== size)
      throw new FormatError({ file }, `Got in_features ${dense.inFeatures}, expected the ${size} that come before it.`);
    size = dense.outFeatures;
    return dense;
  });
}
