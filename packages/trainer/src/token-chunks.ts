import { selectSentences } from "@kindred/sentence-encoder";
import type { NumberedSentences } from "./join-columns.ts";

/**
 * Sentences cut, in order, into chunks of at most `maxTokens` tokens. A sentence longer than that is a chunk of its own. What fits
 * is one chunk.
 */
export function tokenChunks({ batch, rows }: NumberedSentences, maxTokens: number): NumberedSentences[] {
  const { starts } = batch;
  const chunks: NumberedSentences[] = [];
  let first = 0;
  for (let next = 1; next <= rows.length; next++) {
    if (next < rows.length && starts[next + 1]! - starts[first]! <= maxTokens) continue;
    const sentences = Int32Array.from({ length: next - first }, (_, i) => first + i);
    chunks.push({ batch: selectSentences(batch, sentences), rows: rows.slice(first, next) });
    first = next;
  }
  return chunks;
}
