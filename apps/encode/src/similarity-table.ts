/**
 * A square similarity matrix as a table for people: a number for every pair, and the texts beside the rows.
 *
 * `scores` is `"texts texts"`, row by row.
 */
export function similarityTable(texts: readonly string[], scores: Float64Array): string {
  const cell = (text: string) => text.padStart(9);
  const head = `${" ".repeat(4)}${texts.map((_, column) => cell(`${column + 1}`)).join("")}`;
  const rows = texts.map((text, row) => {
    const numbers = texts.map((_, column) => cell(scores[row * texts.length + column]!.toFixed(4))).join("");
    return `${`${row + 1}`.padStart(4)}${numbers}   ${text}`;
  });
  return [head, ...rows].join("\n");
}
