import { createHash } from "node:crypto";

/** The last 32 bits of the MD5 of a text's UTF-8 bytes. */
function lastWord(text: string): number {
  return createHash("md5").update(text, "utf8").digest().readUInt32BE(12);
}

/**
 * Whether a thread's rows are for training, by the original's rule: of 4096 buckets of the MD5 of its id those whose upper end is below the
 * share.
 *
 * @see M. Henderson et al., A Repository of Conversational Datasets (2019), reddit/create_data.py, `_split_value`
 *
 * @example
 * ```ts
 * import { isTrainingThread } from "@kindred/datasets/node";
 *
 * isTrainingThread("thread_id1", 0.9); // => true
 * ```
 */
export function isTrainingThread(threadId: string, trainSplit: number): boolean {
  return (1 + (lastWord(threadId) % 4096)) / 4096 < trainSplit;
}

/** A number from 0 up that a text has in every run; with another purpose another one, which says nothing of the first. */
export function placeOf(purpose: string, text: string): number {
  return lastWord(`${purpose}\n${text}`);
}
