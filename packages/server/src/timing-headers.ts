import type { Work } from "./served-model.ts";

/** The headers of text-embeddings-inference: whole milliseconds, and what was read. */
export function timingHeaders(
  work: Work,
  totalMs: number,
): Readonly<Record<(typeof timingHeaderNames)[number], string>> {
  const total = `${Math.round(totalMs)}`;
  return {
    "x-compute-type": "cpu",
    "x-compute-time": total,
    "x-compute-characters": `${work.characters}`,
    "x-compute-tokens": `${work.tokens}`,
    "x-total-time": total,
    "x-tokenization-time": `${Math.round(work.tokenizationMs)}`,
    "x-queue-time": `${Math.round(work.queueMs)}`,
    "x-inference-time": `${Math.round(work.inferenceMs)}`,
  };
}

/** Their names, which a page of another site has to be shown. */
export const timingHeaderNames = [
  "x-compute-type",
  "x-compute-time",
  "x-compute-characters",
  "x-compute-tokens",
  "x-total-time",
  "x-tokenization-time",
  "x-queue-time",
  "x-inference-time",
] as const;
