import { excerpt } from "./bad-line.ts";
import { isMarkName, marksOf, type Problem, type RowContent } from "./row-content.ts";

/** The rows of one JSON value, or what is wrong with it. */
export type JsonRows = { readonly rows: readonly RowContent[] } | Problem;

type Json = { readonly [key: string]: unknown };

/** The accepted forms, as error messages list them. */
export const jsonForms =
  '["anchor", "positive", …], {"texts": […]}, {"query": "…", "pos": […], "neg": […]}, {"context": "…", "response": "…"} ' +
  "or an object of text columns in that order";

/**
 * The rows that a parsed line of a .jsonl file holds, in the first of these forms that fits it:
 * an array of texts; `texts`; FlagEmbedding's `query`, `pos`, `neg` (a row for each `pos`, with all of `neg`); PolyAI's
 * `context`, `response`; any object of strings, whose key order is its column order.
 */
export function rowsOfJson(value: unknown): JsonRows {
  if (Array.isArray(value)) return ofTexts(value, "the array");
  if (typeof value !== "object" || value === null) return { problem: `is ${value === null ? "null" : typeof value}` };
  const json = value as Json; // what TypeScript calls an object may hold anything under any key
  if ("texts" in json) return ofTextsObject(json);
  if ("query" in json && "pos" in json) return ofFlagEmbedding(json);
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
  const { group } = json;
  return { rows: form.rows.map(({ texts }) => ({ texts, ...marks, ...(typeof group === "string" && { group }) })) };
}

function ofFlagEmbedding({ query, pos, neg = [] }: Json): JsonRows {
  if (typeof query !== "string") return { problem: '"query" is not a text' };
  const isTexts = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((text) => typeof text === "string");
  if (!isTexts(pos) || pos.length === 0) return { problem: '"pos" is not an array of one or more texts' };
  if (!isTexts(neg)) return { problem: '"neg" is not an array of texts' };
  return { rows: pos.map((positive) => ({ texts: [query, positive, ...neg] })) };
}

function ofReddit({ context, response, thread_id: thread }: Json): JsonRows {
  if (typeof context !== "string") return { problem: '"context" is not a text' };
  if (typeof response !== "string") return { problem: '"response" is not a text' };
  return { rows: [{ texts: [response, context], ...(typeof thread === "string" && { group: thread }) }] };
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
