/**
 * What happens while a model is resolved, each as plain JSON:
 * * `plan`, once: what the model has, when that is known, and how much of it the cache has
 * * `progress`: for each file at most ten times a second, and when it is complete
 * * `waiting`: another download of the same file is at work, here or in another process
 * * `retry`: before each new attempt
 * * `stale`: the Hub could not be asked, and the cache's copy is used
 *
 * A model that the cache holds whole gives `plan` alone, and nothing at all if nobody had to be asked.
 */
export type DownloadEvent =
  | {
      readonly type: "plan";
      readonly id: string;
      readonly commit: string;
      readonly files: number;
      /** Of all files, and of those that the cache has already. */
      readonly totalBytes: number;
      readonly cachedBytes: number;
    }
  | {
      readonly type: "progress";
      readonly file: string;
      readonly fileBytes: number;
      readonly fileTotalBytes: number;
      /** Of all files, those of the cache included. */
      readonly bytes: number;
      readonly totalBytes: number;
    }
  | { readonly type: "waiting"; readonly file: string; readonly fileBytes: number; readonly fileTotalBytes: number }
  | { readonly type: "retry"; readonly attempt: number; readonly delayMs: number; readonly message: string }
  | { readonly type: "stale"; readonly commit: string; readonly message: string };
