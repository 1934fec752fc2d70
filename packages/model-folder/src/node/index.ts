export { filesInFolder, openModelFolder } from "./open-model-folder.ts";
export { saveModelFolder, type SaveModelFolderOptions, writeModelFolder } from "./save-model-folder.ts";
