import { excerpt } from "./excerpt.ts";

/** What one JSON value says: the texts of a row, with their column names where it has any. */
export type RowContent = {
  readonly texts: readonly string[];
  readonly names?: readonly string[];
  readonly score?: number;
  readonly group?: string;
};

/** The rows of one JSON value, or what is wrong with it. */
export type JsonRows = { readonly rows: readonly RowContent[] } | { readonly problem: string };

/** The accepted forms, as error messages list them. */
export const jsonForms =
  '["anchor", "positive", …], {"texts": […]}, {"query": "…", "pos": […], "neg": […]}, {"context": "…", "response": "…"} ' +
  "or an object of text columns in that order";

type Json = { readonly [key: string]: unknown };

/**
 * The rows that a parsed line of a .jsonl file holds, in the first of these forms that fits it:
 * an array of texts; `texts`; FlagEmbedding's `query`, `pos`, `neg` (a row for each `pos`, with all of `neg`); PolyAI's
 * `context`, `response`; any object of strings, whose key order is its column order.
 */
export function rowsOfJson(value: unknown): JsonRows {
  if (Array.isArray(value)) return ofTexts(value, "the array");
  if (typeof value !== "object" || value === null) return { problem: `is ${value === null ? "null" : typeof value}` };
  const json = value as Json;
  if ("texts" in json) return ofTextsObject(json);
  if ("query" in json && "pos" in json) return ofFlagEmbedding(json);
  if ("context" in json && "response" in json) return ofReddit(json);
  return ofColumns(json);
}

/** Column names that hold a number about the row rather than a text (the four that sentence-transformers knows). */
export function isScoreName(name: string): boolean {
  return name === "score" || name === "label" || name === "scores" || name === "labels";
}

function ofTexts(value: unknown, what: string): JsonRows {
  if (!Array.isArray(value)) return { problem: `${what} is not an array` };
  const odd = value.findIndex((text) => typeof text !== "string");
  if (odd >= 0) return { problem: `${what} holds ${excerpt(JSON.stringify(value[odd]))} at ${odd}, not a text` };
  if (value.length < 2)
    return { problem: `${what} holds ${value.length} text${value.length === 1 ? "" : "s"}, not 2 or more` };
  return { rows: [{ texts: value as string[] }] };
}

function ofTextsObject(json: Json): JsonRows {
  const form = ofTexts(json["texts"], '"texts"');
  if ("problem" in form) return form;
  const name = Object.keys(json).find(isScoreName);
  const score = name === undefined ? undefined : json[name];
  if (score !== undefined && !isScore(score))
    return { problem: `"${name}" is ${excerpt(JSON.stringify(score))}, not a number` };
  const group = json["group"];
  const { texts } = form.rows[0]!;
  return { rows: [{ texts, ...(isScore(score) && { score }), ...(typeof group === "string" && { group }) }] };
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
  const names: string[] = [];
  const texts: string[] = [];
  let score: number | undefined;
  for (const [name, value] of Object.entries(json)) {
    if (isScoreName(name)) {
      if (!isScore(value)) return { problem: `"${name}" is ${excerpt(JSON.stringify(value))}, not a number` };
      if (score !== undefined) return { problem: `"${name}" is a second score` };
      score = value;
    } else if (typeof value === "string") {
      names.push(name);
      texts.push(value);
    } else {
      return { problem: `"${name}" is ${excerpt(JSON.stringify(value))}, not a text` };
    }
  }
  if (texts.length < 2)
    return { problem: `the object has ${texts.length} text column${texts.length === 1 ? "" : "s"}, not 2 or more` };
  return { rows: [{ texts, names, ...(score !== undefined && { score }) }] };
}

function isScore(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
