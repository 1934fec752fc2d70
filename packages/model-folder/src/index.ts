export {
  type FileSource,
  type JsonObject,
  type ModelFiles,
  type ModelFolder,
  type ModelModule,
  type ModelSettings,
  type ModuleKind,
  moduleKinds,
  newSettings,
  type StoredTensors,
} from "./model-folder.ts";
export { listedModules, type ListedModule } from "./read-model-folder.ts";
export { largestSettingsBytes, modelPaths, type ModelPaths, shardPaths } from "./model-paths.ts";
export { filesInMemory, readModelFolder, readModelTokenizer } from "./read-model-folder.ts";
export { type CrossEncoderFolder, readCrossEncoderFolder, type ScoreActivation } from "./read-cross-encoder-folder.ts";
export { staticModelType } from "./read-static-embedding.ts";
export { staticTableName } from "./static-table.ts";
export { isIndex, tensorPieces, tensorsInMemory } from "./stored-tensors.ts";
export { modelFolderFiles, type ModelFolderFilesOptions, newModule, type WeightDtype } from "./model-folder-files.ts";
