import { join } from "node:path";
import type { ModelParameters } from "../embed-sentences.ts";
import { loadParameters } from "../load-parameters.ts";
import type { ModelFiles } from "../model-files.ts";
import { modelModules } from "../model-modules.ts";
import type { ModelSettings } from "../model-settings.ts";
import { storedTensors } from "./stored-tensors.ts";

/** The weights of a model folder as tensors of the active backend, read from its `model.safetensors` tensor by tensor. */
export async function loadWeights(
  folder: string,
  files: ModelFiles,
  settings: ModelSettings,
): Promise<ModelParameters> {
  const file = join(folder, modelModules(files).transformerFolder, "model.safetensors");
  return loadParameters(storedTensors(file), settings.config, { file });
}
