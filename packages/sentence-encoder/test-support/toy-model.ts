import { type EncoderFamily, initialParameters } from "@kindred/encoder";
import { type ModelFiles, modelFolderFiles, type ModelFolderFilesOptions, newSettings } from "@kindred/model-folder";
import { mpnet } from "@kindred/mpnet";
import { moduleSpecs, type PoolingConfig, type SentenceModules, type VectorModule } from "@kindred/pooling";
import { keyFromSeed } from "@kindred/random";
import { fromFloat32, type NamedTensor } from "@kindred/tensor-files";
import { floatsFromSeed } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { type SavedModel, savedModel, type SentenceModel, type SentenceSettings } from "../src/sentence-model.ts";

/** What a toy model may have otherwise. */
export type ToyChanges = Partial<SentenceSettings> & {
  readonly family?: EncoderFamily;
  readonly pooling?: Omit<PoolingConfig, "dimension">;
  /** The modules after the pooling. Default: Normalize. */
  readonly after?: readonly VectorModule[];
};

/** A whole model of some ten thousand weights, random but for its form: every layer and file that a real one has. */
export function toyModel({ family = mpnet, pooling, after, ...settings }: ToyChanges = {}): SentenceModel & {
  readonly weights: readonly (readonly [string, NamedTensor])[];
} {
  const words = ["the", "cat", "dog", "sat", "on", "mat", ".", "##s", "a", "b", "c"];
  const tokenizer = tokenizerFromVocab(
    ["<s>", "<pad>", "</s>", "<unk>", ...words, "[UNK]", "<mask>"].map((token) => `${token}\n`).join(""),
  );
  const sizes = { vocabulary: tokenizer.vocabularySize, hidden: 12, layers: 2, heads: 3, intermediate: 20 };
  const config = {
    ...family.newConfig({ ...sizes, paddingId: tokenizer.specialIds.pad }),
    max_position_embeddings: 34,
    layer_norm_eps: 1e-5,
    initializer_range: 0.5, // large, so that texts differ clearly
  };
  const encoder = family.open(config, { file: "config.json" });
  const modules: SentenceModules = [
    { kind: "Pooling", dimension: 12, modes: ["mean"], ...pooling },
    ...(after ?? [{ kind: "Normalize" as const }]),
  ];
  const first = Object.entries(initialParameters(encoder.specs, keyFromSeed(5)));
  const ofModules = moduleSpecs(modules).map(({ name, shape }, i) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [name, fromFloat32(floatsFromSeed(i + 1, size), shape)] as const;
  });
  return {
    encoder,
    modules,
    tokenizer,
    settings: { ...newSettings({ prompts: { query: "find: " } }), maxSeqLength: 16, ...settings },
    weights: [...first.map(([name, { shape, values }]) => [name, fromFloat32(values, shape)] as const), ...ofModules],
  };
}

/** A toy model in the form in which it is saved. */
export function toySaved(changes: ToyChanges = {}): SavedModel {
  const { weights, ...model } = toyModel(changes);
  return savedModel(model, weights);
}

/** The files of a toy model. */
export function toyFiles(changes: ToyChanges = {}, options: ModelFolderFilesOptions = {}): Promise<ModelFiles> {
  return modelFolderFiles(toySaved(changes), options);
}
