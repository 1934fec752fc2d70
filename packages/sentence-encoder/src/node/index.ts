export { loadCrossEncoder } from "./load-cross-encoder.ts";
export { type LoadOptions, loadSentenceEncoder } from "./load-sentence-encoder.ts";
export { inspectModel, type ModelDescription, type ModuleDescription } from "./inspect-model.ts";
