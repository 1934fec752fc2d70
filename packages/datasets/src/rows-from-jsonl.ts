import { DataError } from "@kindred/errors";
import { excerpt, refuseLine, skipAdvice, usualSkipFlag } from "./bad-line.ts";
import { lines } from "./lines.ts";
import { columnRule } from "./row-content.ts";
import { type RowOptions, withNegatives } from "./row-options.ts";
import { hasColumns, jsonForms, type JsonRows, rowsOfJson } from "./rows-of-json.ts";
import type { TextRow } from "./text-row.ts";

/**
 * The rows of a .jsonl byte stream: one JSON value a line, in any of the forms that embedding data comes in.
 *
 * | line | texts of the row |
 * | --- | --- |
 * | `["a", "p", "n", …]` | a, p, n, … |
 * | `{"texts": ["a", "p", …]}` | a, p, …; with scores, label and `group` (a text or a number) if it has them; other keys say nothing of the row |
 * | `{"query": "q", "pos": ["p1", "p2"], "neg": ["n"]}` | FlagEmbedding: q, p1, n and then q, p2, n |
 * | `{"query": "q", "positive_passages": [{"title": "t", "text": "p"}], "negative_passages": […]}` | Tevatron: likewise, a passage after its title |
 * | `{"context": "c", "response": "r", …}` | PolyAI: r, c, in the order of the original's loader; `thread_id` is the group |
 * | `{"anchor": "a", "positive": "p", "negative": "n"}` or other names | a, p, n: the order decides, not the names |
 * | `"a"` | a, where rows may have one text: `leastTexts: 1` |
 *
 * In the second and the last but one `score` (or `scores`) holds a number, and `label` (or `labels`) a number or a name; an array of
 * numbers under any of them are the row's scores. A row of one text needs a label, unless `leastTexts` says that rows may have one.
 *
 * The first row declares how many texts a row has, its scores and label, and, in the last but one, the names of the columns. Later rows must
 * agree, but for the number of negatives where `negatives` says it; one that has the same names in another order is read in the declared order. (A key that is a whole number comes first
 * in JavaScript, whatever the file says.) Blank lines are no rows.
 *
 * A PolyAI record is known by its keys. The original trainer goes by the file's name (`reddit_` in the path) and
 * silently leaves out the lines that lack a key; here such a line is a bad line.
 *
 * @throws DataError with file, line, what is wrong and the accepted forms, unless `onBadLine` is `"skip"`; and,
 * whatever the policy, when the stream holds no row at all and may not be empty.
 * @see PolyAI, conversational-datasets, reddit/README.md; FlagEmbedding, data format for fine-tuning
 *
 * @example
 * ```ts
 * import { rowsFromJsonl } from "@kindred/datasets";
 *
 * const file = new Blob(['["a cat", "a kitten"]\n', '{"context": "How are you?", "response": "Fine."}\n']);
 * const texts: (readonly string[])[] = [];
 * for await (const row of rowsFromJsonl(file.stream(), { file: "pairs.jsonl" })) texts.push(row.texts);
 * texts; // => [["a cat", "a kitten"], ["Fine.", "How are you?"]]
 * ```
 */
export function rowsFromJsonl(chunks: AsyncIterable<Uint8Array>, options: RowOptions): AsyncGenerator<TextRow, void> {
  const { negatives, file } = options;
  const rows = allRows(chunks, options);
  return negatives === undefined ? rows : withNegatives(rows, negatives, file);
}

async function* allRows(chunks: AsyncIterable<Uint8Array>, options: RowOptions): AsyncGenerator<TextRow, void> {
  const { file, negatives, leastTexts, onColumns, idColumn, columnFlag } = options;
  let { columns, columnsIfThere = false } = options;
  const accept = columnRule({ anyNumber: negatives !== undefined });
  let rowCount = 0;
  for await (const { number, text } of lines(chunks, { ...options, skipFlag: options.skipFlag ?? usualSkipFlag })) {
    if (text.trim() === "") continue;
    const place = { file, line: number };
    const value = jsonOf(text);
    if (columnsIfThere && columns !== undefined && value !== undefined) {
      if (!hasColumns(value, columns)) columns = undefined;
      columnsIfThere = false; // the first value decides
    }
    const form = value === undefined ? notJson : rowsOfJson(value, { columns, leastTexts, idColumn, columnFlag });
    const rows = "problem" in form ? [form] : form.rows.map(accept);
    const bad = rows.find((row) => "problem" in row);
    if (bad !== undefined) {
      const { problem, reason = "another form" } = bad;
      const rule = columns === undefined ? `, expected ${jsonForms}` : "";
      const message = `rowsFromJsonl: ${problem}. Got ${excerpt(text)}${rule}. ${skipAdvice(options)}`;
      refuseLine(new DataError(place, message, { reason }), options);
      continue;
    }
    for (const row of rows) {
      if ("problem" in row) continue;
      const { names, marks = [], leftOut = [], hasList: _, ...content } = row;
      if (rowCount === 0 && names !== undefined) onColumns?.({ texts: names, marks, leftOut });
      rowCount++;
      yield { ...content, place };
    }
  }
  if (rowCount === 0 && options.mayBeEmpty !== true)
    throw new DataError(
      { file },
      `rowsFromJsonl: no rows. Got an empty file or bad lines only, expected ${jsonForms}.`,
    );
}

const notJson: JsonRows = { problem: "not JSON", reason: "not JSON" };

/** A line's value; undefined where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
