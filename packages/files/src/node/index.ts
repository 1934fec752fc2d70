export { type AtomicFile, openFileAtomic, removeLeftovers, writeFileAtomic } from "./write-file-atomic.ts";
export { makeFolders, writeChunks, writeFolderAtomic, type WriteFolderOptions } from "./write-folder-atomic.ts";
