export { type AtomicFile, openFileAtomic, removeLeftovers, writeChunks, writeFileAtomic } from "./write-file-atomic.ts";
export { makeFolders } from "./make-folders.ts";
export { writeFolderAtomic, type WriteFolderOptions } from "./write-folder-atomic.ts";
