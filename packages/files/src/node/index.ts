export { type AtomicFile, openFileAtomic, removeLeftovers, writeFileAtomic } from "./write-file-atomic.ts";
export { writeFolderAtomic, type WriteFolderOptions } from "./write-folder-atomic.ts";
