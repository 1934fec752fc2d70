import { openDataset } from "@kindred/datasets/node";

/**
 * The texts of files and built-in corpora, one after another: the lines of a .txt, all texts of a row of a .jsonl, .csv or .tsv; of a corpus
 * that comes split, those to train on.
 *
 * @param columns of a row's texts; all where they are not given
 * @throws DataError naming file and line of what cannot be read
 */
export async function* readTexts(files: readonly string[], columns?: readonly string[]): AsyncGenerator<string, void> {
  for (const file of files) {
    const dataset = openDataset(file, { leastTexts: 1, columns });
    for await (const { texts } of dataset.rows()) yield* texts;
  }
}
