import type { DownloadEvent } from "./download-event.ts";

/**
 * One line for people about a download: how far it is, or what it waits for.
 *
 * @example
 * ```ts
 * import { describeDownload } from "@kindred/hub";
 *
 * const event = { type: "progress", file: "model.safetensors", fileBytes: 5e6, fileTotalBytes: 2e7, bytes: 6e6, totalBytes: 2.4e7 } as const;
 * describeDownload(event); // => "downloading model.safetensors: 6 of 24 MB, 25 %"
 * ```
 */
export function describeDownload(event: DownloadEvent): string {
  switch (event.type) {
    case "plan":
      return `${event.id} at ${event.commit.slice(0, 10)}: ${event.files} files, ${megabytes(event.totalBytes)} MB, ${megabytes(event.cachedBytes)} MB of them cached`;
    case "progress": {
      const share = event.totalBytes === 0 ? 1 : event.bytes / event.totalBytes;
      return `downloading ${event.file}: ${megabytes(event.bytes)} of ${megabytes(event.totalBytes)} MB, ${Math.floor(100 * share)} %`;
    }
    case "waiting":
      return `waiting for another download of ${event.file}`;
    case "retry":
      return `${event.message} Trying again (attempt ${event.attempt}) in ${Math.ceil(event.delayMs / 1000)} s`;
    case "stale":
      return `${event.message} Using the cached copy, ${event.commit.slice(0, 10)}`;
  }
}

function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}
