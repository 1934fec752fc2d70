export { type AtomicFile, atPath, openFileAtomic, removeLeftovers, writeFileAtomic } from "./write-file-atomic.ts";
export { makeFolders, writeChunks, writeFolderAtomic, type WriteFolderOptions } from "./write-folder-atomic.ts";
export { nearestPath } from "./nearest-path.ts";
export { folderHolder, folderLock, lockFolder, type LockHolder, settledLock } from "./lock-folder.ts";
