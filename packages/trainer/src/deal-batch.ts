import { batchData, type Loss, type LossData, type LossRow } from "@kindred/loss";
import { selectSentences, type TokenBatch } from "@kindred/sentence-encoder";
import { shardRows } from "@kindred/mesh";

/** One core's part of a global batch. */
export type BatchShare = {
  /** This core's texts of each column, as token ids: `columns[c]` holds row r of the share as its sentence r. */
  readonly columns: readonly TokenBatch[];
  /** The number of each of its rows in the global batch as it was drawn; dropout counts by it. */
  readonly rows: Int32Array;
  /** How many rows the cores before this one have: where its rows begin in the gathered batch. */
  readonly firstRow: number;
  /** What the loss needs to know of the gathered batch, of all cores' rows: which texts are equal, scores, labels. */
  readonly data: Partial<LossData>;
};

/** Whom a batch is dealt to, and for what. */
export type Deal = { readonly cores: number; readonly loss: Pick<Loss, "name" | "needs"> };

/**
 * A global batch, dealt to cores so that each has as many rows as the others (one more at most) and about as many tokens.
 *
 * The longest rows are dealt first, each to the core with the fewest tokens that still lacks rows. The result depends on
 * nothing but the arguments.
 *
 * `rows[r].texts[c]` is the text of row r in column c; `tokens[c]` holds the same texts as tokens.
 *
 * @throws DataError naming a row without a score or label that the loss needs
 *
 * @example
 * ```ts
 * import { dealBatch } from "@kindred/trainer";
 *
 * const rows = [["a", "b c d"], ["e", "f"], ["g", "h"]].map((texts, i) => ({ texts, scores: [i] }));
 * const tokens = [
 *   { ids: Int32Array.of(1, 5, 7), starts: Int32Array.of(0, 1, 2, 3) },
 *   { ids: Int32Array.of(2, 3, 4, 6, 8), starts: Int32Array.of(0, 3, 4, 5) },
 * ];
 * const shares = dealBatch(rows, tokens, { cores: 2, loss: { name: "judged", needs: { scores: "row" } } });
 * shares.map(({ firstRow, rows }) => [firstRow, ...rows]); // => [[0, 0, 2], [2, 1]]
 * shares[1]?.data.scores; // => [0, 2, 1]
 * ```
 */
export function dealBatch(
  rows: readonly LossRow[],
  tokens: readonly TokenBatch[],
  { cores, loss }: Deal,
): BatchShare[] {
  const shares = dealRows(rowLengths(tokens, rows.length), cores);
  const gathered = shares.flat().flatMap((row) => rows[row] ?? []);
  const data = { ...batchData(loss, gathered), textIds: textIdsOf(gathered) };
  let firstRow = 0;
  return shares.map((share) => {
    const own = Int32Array.from(share);
    const columns = tokens.map((column) => selectSentences(column, own));
    firstRow += own.length;
    return { columns, rows: own, firstRow: firstRow - own.length, data };
  });
}

/** For each column a number for each row's text: equal numbers, equal texts, in all columns together. */
function textIdsOf(rows: readonly LossRow[]): Int32Array[] {
  const numbers = new Map<string, number>();
  const numberOf = (text: string): number => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  };
  const ids = rows.map(({ texts }) => texts.map(numberOf));
  return (ids[0] ?? []).map((_, column) => Int32Array.from(ids, (row) => row[column] ?? -1)); // rows of a batch are equally long
}

/** Tokens of each row, of all its texts. */
function rowLengths(tokens: readonly TokenBatch[], rows: number): number[] {
  const lengths = Array.from({ length: rows }, () => 0);
  for (const { starts } of tokens) {
    let start = 0;
    for (const [row, end] of starts.subarray(1).entries()) {
      lengths[row] = (lengths[row] ?? 0) + end - start;
      start = end;
    }
  }
  return lengths;
}

function dealRows(lengths: readonly number[], cores: number): number[][] {
  const shares = Array.from({ length: cores }, (_, core) => ({
    room: shardRows(lengths.length, cores, core).count,
    tokens: 0,
    rows: [] as number[],
  }));
  const longestFirst = [...lengths.entries()].sort(([a, one], [b, other]) => other - one || a - b);
  for (const [row, length] of longestFirst) {
    const open = shares.filter(({ room, rows }) => rows.length < room);
    const share = open.reduce((least, other) => (other.tokens < least.tokens ? other : least));
    share.rows.push(row);
    share.tokens += length;
  }
  return shares.map(({ rows }) => rows);
}

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
