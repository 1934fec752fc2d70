export { HubError, type HubErrorReason } from "./hub-error.ts";
export { parseModelId, type ModelId } from "./parse-model-id.ts";
export { modelFile, type ModelFile } from "./model-file.ts";
export { selectModelFiles, type SelectedFiles } from "./select-model-files.ts";
export type { DownloadEvent } from "./download-event.ts";
export { describeDownload } from "./describe-download.ts";
