import { DataError } from "@kindred/errors";
import { excerpt, refuseLine } from "./bad-line.ts";
import { lines } from "./lines.ts";
import { columnRule, isMarkName, marksOf, type Problem, type RowContent } from "./row-content.ts";
import { type RowOptions, withNegatives } from "./row-options.ts";
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
 *
 * In the second and the last form `score` (or `scores`) holds a number, and `label` (or `labels`) a number or a name; an array of
 * numbers under any of them are the row's scores. A row of one text needs a label.
 *
 * The first row declares how many texts a row has, its scores and label, and, in the last form, the names of the columns. Later rows must
 * agree, but for the number of negatives where `negatives` says it; one that has the same names in another order is read in the declared order. (A key that is a whole number comes first
 * in JavaScript, whatever the file says.) Blank lines are no rows.
 *
 * A PolyAI record is known by its keys. The original trainer goes by the file's name (`reddit_` in the path) and
 * silently leaves out the lines that lack a key; here such a line is a bad line.
 *
 * @throws DataError with file, line, what is wrong and the accepted forms, unless `onBadLine` is `"skip"`; and,
 * whatever the policy, when the stream holds no row at all.
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
  const { file, negatives, onColumns } = options;
  let { columns, columnsIfThere = false } = options;
  const accept = columnRule({ anyNumber: negatives !== undefined });
  let rowCount = 0;
  for await (const { number, text } of lines(chunks, options)) {
    if (text.trim() === "") continue;
    const place = { file, line: number };
    const value = jsonOf(text);
    if (columnsIfThere && columns !== undefined && value !== undefined) {
      if (!hasColumns(value, columns)) columns = undefined;
      columnsIfThere = false; // the first value decides
    }
    const form = formOf(value, columns);
    const rows = "problem" in form ? [form] : form.rows.map(accept);
    const bad = rows.find((row) => "problem" in row);
    if (bad !== undefined) {
      const message = `rowsFromJsonl: ${bad.problem}. Got ${excerpt(text)}, expected ${jsonForms}. Correct the line, or skip bad lines (--on-bad-line skip).`;
      refuseLine(new DataError(place, message), options);
      continue;
    }
    for (const row of rows) {
      if ("problem" in row) continue;
      const { names, leftOut, ...content } = row;
      if (rowCount === 0 && names !== undefined) onColumns?.(names, leftOut ?? []);
      rowCount++;
      yield { ...content, place };
    }
  }
  if (rowCount === 0)
    throw new DataError(
      { file },
      `rowsFromJsonl: no rows. Got an empty file or bad lines only, expected ${jsonForms}.`,
    );
}

/** A line's value; undefined where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function formOf(value: unknown, columns: readonly string[] | undefined): JsonRows {
  if (value === undefined) return { problem: "not JSON" };
  return columns === undefined ? rowsOfJson(value) : ofNamedColumns(value, columns);
}

function hasColumns(value: unknown, columns: readonly string[]): boolean {
  return typeof value === "object" && value !== null && columns.every((name) => Object.hasOwn(value, name));
}

/** The rows of one JSON value, or what is wrong with it. */
type JsonRows = { readonly rows: readonly RowContent[] } | Problem;

type Json = { readonly [key: string]: unknown };

/** The accepted forms, as error messages list them. */
const jsonForms =
  '["anchor", "positive", …], {"texts": […]}, {"query": "…", "pos": […], "neg": […]}, {"query": "…", "positive_passages": […]}, {"context": "…", "response": "…"} ' +
  "or an object of text columns in that order";

/**
 * The rows that a parsed line of a .jsonl file holds, in the first of these forms that fits it:
 * an array of texts; `texts`; FlagEmbedding's `query`, `pos`, `neg` (a row for each `pos`, with all of `neg`); PolyAI's
 * `context`, `response`; any object of strings, whose key order is its column order.
 */
function rowsOfJson(value: unknown): JsonRows {
  if (Array.isArray(value)) return ofTexts(value, "the array");
  if (typeof value !== "object" || value === null) return { problem: `is ${value === null ? "null" : typeof value}` };
  const json = value as Json; // what TypeScript calls an object may hold anything under any key
  if ("texts" in json) return ofTextsObject(json);
  if ("query" in json && "pos" in json) return ofFlagEmbedding(json);
  if ("query" in json && "positive_passages" in json) return ofTevatron(json);
  if ("context" in json && "response" in json) return ofReddit(json);
  return ofColumns(json);
}

function ofTexts(value: unknown, what: string, isLabelled = false): JsonRows {
  if (!Array.isArray(value)) return { problem: `${what} is not an array` };
  const texts: string[] = [];
  for (const [at, text] of value.entries()) {
    if (typeof text !== "string")
      return { problem: `${what} holds ${excerpt(JSON.stringify(text))} at ${at}, not a text` };
    texts.push(text);
  }
  return tooFew(texts, isLabelled, `${what} holds`) ?? { rows: [{ texts }] };
}

/** Two texts are the least, or one with a label. */
function tooFew({ length }: readonly string[], isLabelled: boolean, holds: string, of = "text"): Problem | undefined {
  if (length >= 2 || (length === 1 && isLabelled)) return undefined;
  return { problem: `${holds} ${length} ${of}${length === 1 ? "" : "s"}, not 2 or more` };
}

function ofTextsObject(json: Json): JsonRows {
  const marks = marksOf(Object.entries(json).filter(([name]) => isMarkName(name)));
  if ("problem" in marks) return marks;
  const form = ofTexts(json["texts"], '"texts"', marks.label !== undefined);
  if ("problem" in form) return form;
  const group = groupOf("group", json);
  if ("problem" in group) return group;
  return { rows: form.rows.map(({ texts }) => ({ texts, ...marks, ...group })) };
}

/** What the row belongs to, under this key; a number is taken as its digits. */
function groupOf(key: string, { [key]: group }: Json): Pick<RowContent, "group"> | Problem {
  if (group === undefined || group === null) return {};
  if (typeof group === "string" || typeof group === "number") return { group: String(group) };
  return { problem: `"${key}" is ${excerpt(JSON.stringify(group))}, not a text or a number` };
}

function ofFlagEmbedding({ query, pos, neg = [] }: Json): JsonRows {
  if (typeof query !== "string") return { problem: '"query" is not a text' };
  const isTexts = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((text) => typeof text === "string");
  if (!isTexts(pos) || pos.length === 0) return { problem: '"pos" is not an array of one or more texts' };
  if (!isTexts(neg)) return { problem: '"neg" is not an array of texts' };
  return { rows: pos.map((positive) => ({ texts: [query, positive, ...neg] })) };
}

function ofTevatron({ query, positive_passages: positives, negative_passages: negatives = [] }: Json): JsonRows {
  if (typeof query !== "string") return { problem: '"query" is not a text' };
  const [pos, neg] = [passageTexts(positives), passageTexts(negatives)];
  if (pos === undefined || pos.length === 0)
    return { problem: '"positive_passages" is not an array of one or more { "title", "text" }' };
  if (neg === undefined) return { problem: '"negative_passages" is not an array of { "title", "text" }' };
  return { rows: pos.map((positive) => ({ texts: [query, positive, ...neg] })) };
}

/** The texts of passages, each after its title where it has one. */
function passageTexts(passages: unknown): string[] | undefined {
  if (!Array.isArray(passages)) return undefined;
  const texts = passages.flatMap((passage: unknown) => {
    const { title = "", text }: { title?: unknown; text?: unknown } = passage ?? {};
    return typeof title === "string" && typeof text === "string" ? [title === "" ? text : `${title} ${text}`] : [];
  });
  return texts.length === passages.length ? texts : undefined;
}

/** These columns of an object, whatever form it has. */
function ofNamedColumns(value: unknown, columns: readonly string[]): JsonRows {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { problem: "not an object, so its columns have no names" };
  const json = value as Json; // what TypeScript calls an object may hold anything under any key
  const missing = columns.find((name) => !Object.hasOwn(json, name));
  if (missing !== undefined) return { problem: `has no column "${missing}", only ${Object.keys(json).join(", ")}` };
  const taken = ofColumns(Object.fromEntries(columns.map((name) => [name, json[name]])));
  if ("problem" in taken) return taken;
  const leftOut = Object.keys(json).filter((name) => !columns.includes(name));
  const names = columns.filter((name) => !isMarkName(name));
  // A key that is a whole number would come first in the object.
  return {
    rows: taken.rows.map((row) => ({ ...row, names, texts: names.map((name) => String(json[name])), leftOut })),
  };
}

function ofReddit(json: Json): JsonRows {
  const { context, response } = json;
  if (typeof context !== "string") return { problem: '"context" is not a text' };
  if (typeof response !== "string") return { problem: '"response" is not a text' };
  const group = groupOf("thread_id", json);
  return "problem" in group ? group : { rows: [{ texts: [response, context], ...group }] };
}

function ofColumns(json: Json): JsonRows {
  const columns = Object.entries(json);
  const marks = marksOf(columns.filter(([name]) => isMarkName(name)));
  if ("problem" in marks) return marks;
  const names: string[] = [];
  const texts: string[] = [];
  for (const [name, value] of columns) {
    if (isMarkName(name)) continue;
    if (typeof value !== "string") return { problem: `"${name}" is ${excerpt(JSON.stringify(value))}, not a text` };
    names.push(name);
    texts.push(value);
  }
  const few = tooFew(texts, marks.label !== undefined, "the object has", "text column");
  return few ?? { rows: [{ texts, names, ...marks }] };
}
