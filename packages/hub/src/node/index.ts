export { resolveModel, type ResolveOptions, type ResolvedModel } from "./resolve-model.ts";
export { hubSettings, type HubOptions, type HubSettings, type Environment } from "./hub-settings.ts";
export { type BroughtModels, bringModels, modelFolder, type ModelFolderOptions } from "./model-folder.ts";
