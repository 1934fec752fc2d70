import { safetensorsIndex } from "@kindred/tensor-files";
import { tokenizerFileNames } from "@kindred/tokenizer";
import { type ListedModule, modulesFile } from "./read-model-folder.ts";
import { sentenceFile, transformerSettingsNames } from "./read-settings.ts";
import { isIndex, weightFileNames } from "./stored-tensors.ts";

/** The largest settings or vocabulary file that is read, in bytes: MPNet's tokenizer.json has half a MiB. */
export const largestSettingsBytes = 64 * 2 ** 20;

/** The paths of a model's files, of all that lie in its folder. */
export type ModelPaths = {
  /** Settings, vocabularies and the model card. */
  readonly settings: readonly string[];
  /** Weights, or indexes of several files: {@link shardPaths} tells which. */
  readonly weights: readonly string[];
  /** What the folder lacks to be a model, a phrase for each lack. */
  readonly missing: readonly string[];
};

/**
 * Which files a model is read from: those that its modules name, and of each module's weights one form, as `readModelFolder` chooses
 * it. No ONNX, OpenVINO, TensorFlow or Flax, no training state.
 *
 * @param modules from `listedModules`
 * @param has whether there is a file of that path
 *
 * @example
 * ```ts
 * import { listedModules, modelPaths } from "@kindred/model-folder";
 *
 * const files = new Set(["config.json", "pytorch_model.bin", "model.safetensors", "onnx/model.onnx"]);
 * const paths = modelPaths(listedModules(undefined), (path) => files.has(path));
 * [paths.settings, paths.weights]; // => [["config.json"], ["model.safetensors"]]
 * paths.missing; // => ["tokenizer.json or vocab.txt or vocab.json"]
 * ```
 */
export function modelPaths(modules: readonly ListedModule[], has: (path: string) => boolean): ModelPaths {
  const settings = [modulesFile, sentenceFile, "README.md"];
  const weights = new Set<string>(); // modules may share a folder
  const missing = new Set<string>();
  const need = (paths: readonly string[]) => {
    const found = paths.find(has);
    if (found === undefined) missing.add(paths.join(" or "));
    return found;
  };
  for (const { kind, path } of modules) {
    const inFolder = (name: string) => (path === "" ? name : `${path}/${name}`);
    settings.push(inFolder("config.json"), ...(kind === "StaticEmbedding" ? [inFolder("tokenizer.json")] : []));
    if (kind === "Transformer") {
      settings.push(...[...tokenizerFileNames, ...transformerSettingsNames].map(inFolder));
      need([inFolder("config.json")]);
      need(["tokenizer.json", "vocab.txt", "vocab.json"].map(inFolder));
    }
    if (kind === "StaticEmbedding") need([inFolder("tokenizer.json")]);
    if (kind === "Pooling" || kind === "Dense") need([inFolder("config.json")]);
    const hasWeights = kind === "Transformer" || kind === "StaticEmbedding" || kind === "Dense";
    const found = hasWeights ? need(weightFileNames.map(inFolder)) : undefined;
    if (found !== undefined) weights.add(found);
  }
  return { settings: [...new Set(settings)].filter(has), weights: [...weights], missing: [...missing] };
}

/**
 * The weights files that an index names, in its folder; none for what is no index.
 *
 * @throws FormatError naming the file, if it is an index and breaks the format
 *
 * @example
 * ```ts
 * import { shardPaths } from "@kindred/model-folder";
 *
 * const index = '{"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}';
 * shardPaths("0_T/model.safetensors.index.json", index); // => ["0_T/model-1-of-2.safetensors", "0_T/model-2-of-2.safetensors"]
 * ```
 */
export function shardPaths(path: string, text: string): string[] {
  if (!isIndex(path)) return [];
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return Array.from(safetensorsIndex(text, { file: path }).keys(), (name) => folder + name);
}
