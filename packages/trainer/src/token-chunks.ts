import { selectSentences, type TokenBatch } from "@kindred/sentence-encoder";

/** Some neighbouring sentences of a column, with their numbers in the global batch. */
export type TokenChunk = { readonly batch: TokenBatch; readonly rows: Int32Array };

/**
 * A column of sentences cut, in order, into chunks of at most `maxTokens` tokens. A sentence longer than that is a chunk of its
 * own. A column that fits is one chunk.
 */
export function tokenChunks(column: TokenBatch, rows: Int32Array, maxTokens: number): TokenChunk[] {
  const { starts } = column;
  const chunks: TokenChunk[] = [];
  let first = 0;
  for (let next = 1; next <= rows.length; next++) {
    if (next < rows.length && starts[next + 1]! - starts[first]! <= maxTokens) continue;
    const sentences = Int32Array.from({ length: next - first }, (_, i) => first + i);
    chunks.push({ batch: selectSentences(column, sentences), rows: rows.slice(first, next) });
    first = next;
  }
  return chunks;
}
