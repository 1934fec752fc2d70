import { falseNegatives, type RowRange, type TextIds } from "./false-negatives.ts";
import type { Direction } from "./softmax-directions.ts";

/** The batch whose scores are masked. */
export type ScoredRows = RowRange & {
  /** Rows of the whole batch. */
  readonly batch: number;
  /** Columns: queries, positives, and those of negatives. */
  readonly columns: number;
  readonly textIds: TextIds | undefined;
};

/**
 * What rows `firstRow …` may not be pushed away from, as a mask for `softmaxCrossEntropy` over the directions' scores side by side:
 * count × candidates, 1 = leave out; undefined if nothing is left out.
 *
 * Each direction leaves out false negatives ({@link falseNegatives}), and queries among queries, documents among documents, those of
 * the own row.
 */
export function excludedCandidates(directions: readonly Direction[], rows: ScoredRows): Uint8Array | undefined {
  const blocks = directions.map((direction) => excludedOf(direction, rows));
  if (blocks.every(({ mask }) => mask === undefined)) return undefined;
  const width = blocks.reduce((sum, block) => sum + block.width, 0);
  const excluded = new Uint8Array(rows.count * width);
  let start = 0;
  for (const block of blocks) {
    for (let row = 0; block.mask && row < rows.count; row++) {
      excluded.set(block.mask.subarray(row * block.width, (row + 1) * block.width), row * width + start);
    }
    start += block.width;
  }
  return excluded;
}

type Block = { readonly width: number; readonly mask: Uint8Array | undefined };

function excludedOf(direction: Direction, { firstRow, count, batch, columns, textIds }: ScoredRows): Block {
  const amongQueries = direction.endsWith("ToQuery");
  const width = amongQueries ? batch : (columns - 1) * batch;
  const ids = textIds && amongQueries ? [textIds[1]!, textIds[0]!] : textIds;
  const mask = ids && falseNegatives(ids, { firstRow, count });
  if (direction === "queryToDoc" || direction === "docToQuery") return { width, mask };
  const withOwn = mask ?? new Uint8Array(count * width);
  for (let row = 0; row < count; row++) {
    for (let place = firstRow + row; place < width; place += batch) withOwn[row * width + place] = 1;
  }
  return { width, mask: withOwn };
}
