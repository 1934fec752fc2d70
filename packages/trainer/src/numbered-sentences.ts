import { selectSentences, type TokenBatch } from "@kindred/sentence-encoder";
import type { BatchShare } from "./deal-batch.ts";

/** Sentences end to end, with a number for each that no other sentence of the global batch has. */
export type NumberedSentences = { readonly batch: TokenBatch; readonly rows: Int32Array };

/**
 * The sentences of all columns of a share, column after column, as one batch: all go through the model with the same weights, and
 * a product of many rows is faster than two of half as many. Row r of the global batch has the number c · totalRows + r in column c.
 */
export function joinColumns({ columns, rows }: BatchShare, totalRows: number): NumberedSentences {
  const ids = new Int32Array(columns.reduce((sum, column) => sum + column.ids.length, 0));
  const starts = new Int32Array(columns.length * rows.length + 1);
  let [token, sentence] = [0, 0];
  for (const column of columns) {
    ids.set(column.ids, token);
    for (const end of column.starts.subarray(1)) starts[++sentence] = token + end;
    token += column.ids.length;
  }
  const numbers = columns.map((_, column) => Array.from(rows, (row) => column * totalRows + row));
  return { batch: { ids, starts }, rows: Int32Array.from(numbers.flat()) };
}

/**
 * Sentences cut, in order, into chunks of at most `maxTokens` tokens. A sentence longer than that is a chunk of its own. What fits
 * is one chunk.
 */
export function tokenChunks({ batch, rows }: NumberedSentences, maxTokens: number): NumberedSentences[] {
  const chunks: NumberedSentences[] = [];
  let [first, begin, previousEnd] = [0, 0, 0];
  const cut = (next: number) => {
    const sentences = Int32Array.from({ length: next - first }, (_, i) => first + i);
    chunks.push({ batch: selectSentences(batch, sentences), rows: rows.slice(first, next) });
    [first, begin] = [next, previousEnd];
  };
  for (const [sentence, end] of batch.starts.subarray(1).entries()) {
    if (sentence > first && end - begin > maxTokens) cut(sentence);
    previousEnd = end;
  }
  if (rows.length > first) cut(rows.length);
  return chunks;
}
