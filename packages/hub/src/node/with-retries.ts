import { setTimeout as delay } from "node:timers/promises";
import { HubError } from "../hub-error.ts";
import type { DownloadEvent } from "../download-event.ts";

/** How long to keep trying. */
export type RetryPolicy = {
  /** Attempts without any progress, the first one included, before giving up. */
  readonly attempts: number;
  /** The wait before the second attempt; each further one is twice as long, up to 8 times this, or what the server asks for. */
  readonly retryDelayMs: number;
  /** Whether to give up at once where the server has no address: without a network no attempt is better. Default: not. */
  readonly needsNetwork?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (event: DownloadEvent) => void;
};

/** A server that is asked too often may ask for patience: at most so much. */
const longestAskedSeconds = 60;

/**
 * What `run` gives in the first attempt that does not fail for a reason of the connection.
 *
 * @param progress a number that grows with what is done: attempts are counted anew when it has grown
 * @throws the last attempt's error; any other error at once; the signal's reason
 * @see Hugging Face, huggingface_hub, `http_backoff`: the same waits
 */
export async function withRetries<T>(
  run: () => Promise<T>,
  { attempts, retryDelayMs, needsNetwork = false, signal, onProgress }: RetryPolicy,
  progress = () => 0,
): Promise<T> {
  let attempt = 1;
  for (;;) {
    const before = progress();
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof HubError) || error.reason !== "connection") throw error;
      if (needsNetwork && error.details["hasNetwork"] === false) throw error;
      if (progress() > before) attempt = 1;
      if (attempt >= attempts) throw error;
      const askedMs = Math.min(Number(error.details["retryAfterSeconds"] ?? 0), longestAskedSeconds) * 1000;
      const delayMs = Math.max(retryDelayMs * 2 ** Math.min(attempt - 1, 3), askedMs);
      attempt++;
      onProgress({ type: "retry", attempt, delayMs, message: error.message });
      await delay(delayMs, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }
}
