export { type AtomicFile, openFileAtomic, removeLeftovers, writeChunks, writeFileAtomic } from "./write-file-atomic.ts";
export { writeFolderAtomic, type WriteFolderOptions } from "./write-folder-atomic.ts";
