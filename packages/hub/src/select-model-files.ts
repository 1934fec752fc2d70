import { HubError } from "./hub-error.ts";
import type { ModelFile } from "./model-file.ts";
import { inFolder, type ModuleFolder } from "./module-folders.ts";

/** Settings and vocabularies that a module's folder may hold. */
const settingsNames = new Set([
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.txt",
]);

/** The largest file that is taken for settings: MPNet's tokenizer.json has half a MiB. */
const largestSettingsBytes = 64 * 2 ** 20;

/** Files of the model as a whole, in its root. */
const rootNames = new Set(["modules.json", "config_sentence_transformers.json", "README.md"]);

/** `sentence_bert_config.json`; old folders name other architectures than BERT. */
const sentenceConfig = /^sentence_[\w-]+_config\.json$/;

const shard = /^model-\d+-of-\d+\.safetensors$/;

/**
 * The files that a sentence-transformers model needs, of all that its repository holds: settings first, weights last, so that
 * whoever has the weights has everything.
 *
 * Of a module's weights one form is taken: `model.safetensors`, else `model.safetensors.index.json` and its shards, else
 * `pytorch_model.bin`. Nothing else is: no ONNX, OpenVINO, TensorFlow or Flax, no training state.
 *
 * @param modules from `moduleFolders`, or `bareModel`
 * @throws HubError (listing) for settings of more than 64 MiB
 *
 * @example
 * ```ts
 * import { bareModel, selectModelFiles } from "@kindred/hub";
 *
 * const digest = { algorithm: "git-sha1", hex: "0".repeat(40) } as const;
 * const files = ["pytorch_model.bin", "model.safetensors", "onnx/model.onnx", "config.json"].map((path) => ({ path, bytes: 1, digest }));
 * selectModelFiles(files, bareModel).map(({ path }) => path); // => ["config.json", "model.safetensors"]
 * ```
 */
export function selectModelFiles(files: readonly ModelFile[], modules: readonly ModuleFolder[]): ModelFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const folders = [...new Set(modules.map(({ folder }) => folder))];
  const settings = files.filter(({ path }) => {
    if (rootNames.has(path) || (sentenceConfig.test(path) && !path.includes("/"))) return true;
    const { folder, name } = split(path);
    return folders.includes(folder) && (settingsNames.has(name) || sentenceConfig.test(name));
  });
  const huge = settings.find(({ bytes }) => bytes > largestSettingsBytes);
  if (huge !== undefined) {
    throw new HubError(
      "listing",
      `selectModelFiles: ${huge.path} is too large for settings. Got ${huge.bytes} bytes, expected at most ${largestSettingsBytes}.`,
      { path: huge.path, bytes: huge.bytes },
    );
  }
  return [...settings, ...folders.flatMap((folder) => weights(byPath, folder))];
}

function weights(byPath: ReadonlyMap<string, ModelFile>, folder: string): ModelFile[] {
  const single = byPath.get(inFolder(folder, "model.safetensors"));
  if (single !== undefined) return [single];
  const index = byPath.get(inFolder(folder, "model.safetensors.index.json"));
  if (index !== undefined) {
    const shards = [...byPath.values()].filter(({ path }) => {
      const place = split(path);
      return place.folder === folder && shard.test(place.name);
    });
    return [index, ...shards];
  }
  const pickled = byPath.get(inFolder(folder, "pytorch_model.bin"));
  return pickled === undefined ? [] : [pickled];
}

function split(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { folder: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) };
}
