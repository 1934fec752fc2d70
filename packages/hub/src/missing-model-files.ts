import { inFolder, type ModuleFolder } from "./module-folders.ts";

/**
 * What a folder or a listing lacks to be a model, one phrase for each lack; empty if it is whole.
 *
 * Every module but Normalize has its config.json; a Transformer has weights and a vocabulary; a Dense layer has weights.
 *
 * @param has whether there is a file of that path
 *
 * @example
 * ```ts
 * import { bareModel, missingModelFiles } from "@kindred/hub";
 *
 * const files = new Set(["config.json", "model.safetensors"]);
 * missingModelFiles(bareModel, (path) => files.has(path)); // => ["tokenizer.json or vocab.txt"]
 * ```
 */
export function missingModelFiles(modules: readonly ModuleFolder[], has: (path: string) => boolean): string[] {
  const needed = modules.flatMap(({ folder, type }) => needs(type).map((names) => ({ folder, names })));
  return needed
    .filter(({ folder, names }) => !names.some((name) => has(inFolder(folder, name))))
    .map(({ folder, names }) => names.map((name) => inFolder(folder, name)).join(" or "));
}

const weights = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"];

/** The names of which one is needed, for each need of a module. */
function needs(type: string): string[][] {
  if (type === "Normalize") return [];
  if (type === "Transformer") return [["config.json"], ["tokenizer.json", "vocab.txt"], weights];
  return type === "Dense" ? [["config.json"], weights] : [["config.json"]];
}
