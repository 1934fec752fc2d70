import { openDataset } from "@kindred/datasets/node";

/**
 * The texts of a file, one after another: each line of a `.txt`, blank ones too, or the `text` of each row of a `.jsonl` (a row may also be a
 * text itself), `.csv` or `.tsv`. Each may be packed, with `.gz` or `.zst` at the end of its name.
 *
 * @throws DataError naming the file, and the line, for another kind of file and for one that cannot be read.
 */
export async function* readTexts(file: string): AsyncGenerator<string> {
  const taken = { leastTexts: 1, columns: ["text"], blankLines: "keep", mayBeEmpty: true } as const;
  for await (const { texts } of openDataset(file, taken).rows()) yield* texts;
}
