export { readModelFolder } from "./read-model-folder.ts";
export { storedTensors } from "./stored-tensors.ts";
export { folderWeightFiles } from "./folder-weight-files.ts";
export { loadWeights } from "./load-weights.ts";
export { type LoadOptions, loadSentenceEncoder } from "./load-sentence-encoder.ts";
export { inspectModel, type ModelDescription, type ModuleDescription } from "./inspect-model.ts";
export { type SaveOptions, saveSentenceModel, writeSentenceModel } from "./save-sentence-model.ts";
