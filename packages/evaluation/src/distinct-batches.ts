/**
 * Rows put into batches of one size, so that no text stands twice in a batch: what 1-of-n metrics ask for.
 *
 * Each row, in order, goes into the first batch that has room and comes after every batch with one of its texts. Only
 * whole batches are given; rows that would need more are left out, as are rows that hold one text twice.
 *
 * @param texts the texts of each row, context and response for instance, compared as they are
 * @returns batches of row numbers
 *
 * @example
 * ```ts
 * import { distinctBatches } from "@kindred/evaluation";
 *
 * distinctBatches([["hi", "hello"], ["how?", "yes"], ["why?", "yes"], ["when?", "now"]], { batchSize: 2 }); // => [[0, 1], [2, 3]]
 * ```
 */
export function distinctBatches(
  texts: readonly (readonly string[])[],
  { batchSize = 100 }: { /** Default 100. */ readonly batchSize?: number } = {},
): number[][] {
  const batches: number[][] = [];
  const afterLast = new Map<string, number>();
  let firstOpen = 0;
  for (const [row, own] of texts.entries()) {
    if (new Set(own).size < own.length) continue;
    let at = Math.max(firstOpen, ...own.map((text) => afterLast.get(text) ?? 0));
    while (batches[at]?.length === batchSize) at += 1;
    const batch = batches[at];
    if (batch === undefined)
      batches.push([row]); // every batch before it is there
    else batch.push(row);
    for (const text of own) afterLast.set(text, at + 1);
    while (batches[firstOpen]?.length === batchSize) firstOpen += 1;
  }
  return batches.filter((batch) => batch.length === batchSize);
}
