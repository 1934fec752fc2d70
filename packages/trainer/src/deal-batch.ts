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
  /** For each column, a number a row of the gathered batch: equal numbers, equal texts (in all columns together). */
  readonly textIds: readonly Int32Array[];
};

/**
 * A global batch, dealt to cores so that each has as many rows as the others (one more at most) and about as many tokens.
 *
 * The longest rows are dealt first, each to the core with the fewest tokens that still lacks rows. The result depends on
 * nothing but the arguments.
 *
 * `texts[r][c]` is the text of row r in column c; `tokens[c]` holds the same texts as tokens.
 *
 * @example
 * ```ts
 * import { dealBatch } from "@kindred/trainer";
 *
 * const texts = [["a", "b c d"], ["e", "f"], ["g", "h"]];
 * const tokens = [
 *   { ids: Int32Array.of(1, 5, 7), starts: Int32Array.of(0, 1, 2, 3) },
 *   { ids: Int32Array.of(2, 3, 4, 6, 8), starts: Int32Array.of(0, 3, 4, 5) },
 * ];
 * dealBatch(texts, tokens, 2).map(({ firstRow, rows }) => [firstRow, ...rows]); // => [[0, 0, 2], [2, 1]]
 * ```
 */
export function dealBatch(
  texts: readonly (readonly string[])[],
  tokens: readonly TokenBatch[],
  cores: number,
): BatchShare[] {
  const shares = dealRows(rowLengths(tokens, texts.length), cores);
  const gathered = shares.flat();
  const ids = new Map<string, number>();
  for (const text of gathered.flatMap((row) => texts[row]!)) if (!ids.has(text)) ids.set(text, ids.size);
  const textIds = tokens.map((_, column) => Int32Array.from(gathered, (row) => ids.get(texts[row]![column]!)!));
  let firstRow = 0;
  return shares.map((share) => {
    const rows = Int32Array.from(share);
    const columns = tokens.map((column) => selectSentences(column, rows));
    firstRow += rows.length;
    return { columns, rows, firstRow: firstRow - rows.length, textIds };
  });
}

function rowLengths(tokens: readonly TokenBatch[], rows: number): Int32Array {
  const lengths = new Int32Array(rows);
  for (const { starts } of tokens)
    for (let row = 0; row < rows; row++) lengths[row]! += starts[row + 1]! - starts[row]!;
  return lengths;
}

function dealRows(lengths: Int32Array, cores: number): number[][] {
  const shares = Array.from({ length: cores }, (_, core) => ({
    room: shardRows(lengths.length, cores, core).count,
    tokens: 0,
    rows: [] as number[],
  }));
  const longestFirst = Array.from(lengths.keys()).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  for (const row of longestFirst) {
    const open = shares.filter(({ room, rows }) => rows.length < room);
    const share = open.reduce((least, other) => (other.tokens < least.tokens ? other : least));
    share.rows.push(row);
    share.tokens += lengths[row]!;
  }
  return shares.map(({ rows }) => rows);
}
