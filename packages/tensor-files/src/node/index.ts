export { openSafetensors, type SafetensorsFile, type TensorSummary } from "./open-safetensors.ts";
export { writeFileAtomic } from "./write-file-atomic.ts";
export { writeFolderAtomic, type WriteFolderOptions } from "./write-folder-atomic.ts";
export { npyRowsWriter, type NpyRowsWriter } from "./npy-rows-writer.ts";
