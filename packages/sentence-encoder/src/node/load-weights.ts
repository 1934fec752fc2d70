import { join } from "node:path";
import { openSafetensors } from "@kindred/tensor-files/node";
import type { ModelParameters } from "../embed-sentences.ts";
import { modelModules } from "../model-modules.ts";
import type { ModelFiles } from "../model-files.ts";
import type { ModelSettings } from "../model-settings.ts";
import { loadParameters } from "../load-parameters.ts";

/** The weights of a model folder as tensors of the active backend, read from its `model.safetensors` tensor by tensor. */
export async function loadWeights(
  folder: string,
  files: ModelFiles,
  settings: ModelSettings,
): Promise<ModelParameters> {
  const path = join(folder, modelModules(files).transformerFolder, "model.safetensors");
  const weights = await openSafetensors(path);
  try {
    return await loadParameters(weights.tensors(), settings.config, { file: path });
  } finally {
    await weights.close();
  }
}
