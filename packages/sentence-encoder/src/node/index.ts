export { readModelFolder } from "./read-model-folder.ts";
export { storedTensors } from "./stored-tensors.ts";
export { loadWeights } from "./load-weights.ts";
export { type LoadOptions, loadSentenceEncoder } from "./load-sentence-encoder.ts";
export { saveSentenceModel, writeSentenceModel } from "./save-sentence-model.ts";
