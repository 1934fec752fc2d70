import type { ModelFile } from "../model-file.ts";
import type { DownloadEvent } from "../download-event.ts";

/** Between two events of one file. */
const intervalMs = 100;

/** What tells of the bytes of each file and of all. */
export type ProgressTracker = (file: ModelFile, fileBytes: number) => void;

/**
 * A function to call with the bytes that are there of a file, which gives `progress` events: for each file at most one in 100 ms,
 * and one when it is complete.
 *
 * @param cachedBytes of files that were there before
 */
export function trackProgress(
  { totalBytes, cachedBytes }: { readonly totalBytes: number; readonly cachedBytes: number },
  onProgress: (event: DownloadEvent) => void,
  now: () => number = Date.now,
): ProgressTracker {
  const bytesOf = new Map<string, number>();
  const toldAt = new Map<string, number>();
  let bytes = cachedBytes;
  return (file, fileBytes) => {
    const before = bytesOf.get(file.path);
    bytes += fileBytes - (before ?? 0);
    bytesOf.set(file.path, fileBytes);
    const isNews =
      fileBytes !== before && (fileBytes === file.bytes || now() - (toldAt.get(file.path) ?? -Infinity) >= intervalMs);
    if (!isNews) return;
    toldAt.set(file.path, now());
    onProgress({ type: "progress", file: file.path, fileBytes, fileTotalBytes: file.bytes, bytes, totalBytes });
  };
}
