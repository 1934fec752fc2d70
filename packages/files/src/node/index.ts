export { type AtomicFile, openFileAtomic, writeFileAtomic } from "./write-file-atomic.ts";
export { writeFolderAtomic, type WriteFolderOptions } from "./write-folder-atomic.ts";
export { removeLeftovers } from "./temporary-sibling.ts";
export { writeToStream } from "./write-to-stream.ts";
