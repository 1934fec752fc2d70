export { filesInFolder, openModelFolder, openModelTokenizer } from "./open-model-folder.ts";
export { saveModelFolder, type SaveModelFolderOptions, writeModelFolder } from "./save-model-folder.ts";
