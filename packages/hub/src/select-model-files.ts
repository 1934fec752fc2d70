import { isIndex, largestSettingsBytes, type ListedModule, modelPaths } from "@kindred/model-folder";
import { HubError } from "./hub-error.ts";
import type { ModelFile } from "./model-file.ts";

/** The files of a model, and what the listing lacks to be one. */
export type SelectedFiles = {
  /** Settings and indexes of weights: small, and to be had first. */
  readonly settings: readonly ModelFile[];
  /** Weights that no index names. */
  readonly weights: readonly ModelFile[];
  /** A phrase for each lack; empty if the listing is a model's. */
  readonly missing: readonly string[];
};

/**
 * The files that a sentence-transformers model is read from, of all that its repository holds, as `modelPaths` of model-folder knows
 * them.
 *
 * @param modules from `listedModules` of `@kindred/model-folder`
 * @throws HubError (listing) for settings of more than 64 MiB
 *
 * @example
 * ```ts
 * import { selectModelFiles } from "@kindred/hub";
 * import { listedModules } from "@kindred/model-folder";
 *
 * const digest = { algorithm: "git-sha1", hex: "0".repeat(40) } as const;
 * const paths = ["pytorch_model.bin", "model.safetensors", "onnx/model.onnx", "config.json", "vocab.txt"];
 * const { settings, weights } = selectModelFiles(
 *   paths.map((path) => ({ path, bytes: 1, digest })),
 *   listedModules(undefined),
 * );
 * [...settings, ...weights].map(({ path }) => path); // => ["config.json", "vocab.txt", "model.safetensors"]
 * ```
 */
export function selectModelFiles(files: readonly ModelFile[], modules: readonly ListedModule[]): SelectedFiles {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const listed = (paths: readonly string[]) =>
    paths.flatMap((path) => {
      const file = byPath.get(path);
      return file === undefined ? [] : [file];
    });
  const paths = modelPaths(modules, (path) => byPath.has(path));
  const settings = listed([...paths.settings, ...paths.weights.filter(isIndex)]);
  const huge = settings.find(({ bytes }) => bytes > largestSettingsBytes);
  if (huge !== undefined) {
    throw new HubError(
      "listing",
      `selectModelFiles: ${huge.path} is too large for settings. Got ${huge.bytes} bytes, expected at most ${largestSettingsBytes}.`,
      { path: huge.path, bytes: huge.bytes },
    );
  }
  return { settings, weights: listed(paths.weights.filter((path) => !isIndex(path))), missing: paths.missing };
}
