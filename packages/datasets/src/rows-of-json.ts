import { excerpt } from "./bad-line.ts";
import { isMarkName, marksOf, type Problem, type RowContent } from "./row-content.ts";

/** The rows of one JSON value, or what is wrong with it. */
export type JsonRows = { readonly rows: readonly RowContent[] } | Problem;

type Json = { readonly [key: string]: unknown };

/** The accepted forms, as error messages list them. */
export const jsonForms =
  '["anchor", "positive", …], {"texts": […]}, {"query": "…", "pos": […], "neg": […]}, {"query": "…", "positive_passages": […]}, {"context": "…", "response": "…"} ' +
  "or an object of text columns in that order";

/** What is taken of a value. */
export type JsonRowsOptions = {
  /** The columns to take, whatever form the value has. Default: as its form says. */
  readonly columns?: readonly string[] | undefined;
  /** How many texts a row has at least; labelled ones may have one. Default: 2. */
  readonly leastTexts?: 1 | 2 | undefined;
  /** Of named columns: the one that holds the row's id. Default: none. */
  readonly idColumn?: string | undefined;
  /** What messages call the way to name the columns. */
  readonly columnFlag?: string | undefined;
};

/**
 * The rows that one value holds, a line of a .jsonl file or a row of another that has named columns, in the first of these forms that fits
 * it: a text; an array of texts; `texts`; FlagEmbedding's `query`, `pos`, `neg` (a row for each `pos`, with all of `neg`); Tevatron's; PolyAI's
 * `context`, `response`; any object of strings, whose key order is its column order.
 */
export function rowsOfJson(value: unknown, options: JsonRowsOptions = {}): JsonRows {
  const { columns, leastTexts = 2, idColumn } = options;
  const isText = leastTexts === 1 && typeof value === "string" && idColumn === undefined;
  const form =
    columns === undefined || isText ? formOf(value, leastTexts) : ofNamedColumns(value, { ...options, columns });
  if ("problem" in form) return form;
  const few = form.rows.find(({ texts, label }) => texts.length < (label === undefined ? leastTexts : 1));
  if (few === undefined) return form;
  const { length } = few.texts;
  return { problem: `the row has ${length} text${length === 1 ? "" : "s"}, not ${leastTexts} or more` };
}

/** Whether a value is an object that has all these columns. */
export function hasColumns(value: unknown, columns: readonly string[]): boolean {
  return typeof value === "object" && value !== null && columns.every((name) => Object.hasOwn(value, name));
}

function formOf(value: unknown, leastTexts: 1 | 2): JsonRows {
  if (typeof value === "string" && leastTexts === 1) return { rows: [{ texts: [value] }] };
  if (Array.isArray(value)) return ofTexts(value, "the array");
  if (typeof value !== "object" || value === null) return { problem: `is ${value === null ? "null" : typeof value}` };
  const json = value as Json; // what TypeScript calls an object may hold anything under any key
  if ("texts" in json) return ofTextsObject(json);
  if ("query" in json && "pos" in json) return ofFlagEmbedding(json);
  if ("query" in json && "positive_passages" in json) return ofTevatron(json);
  if ("context" in json && "response" in json) return ofReddit(json);
  return ofColumns(Object.entries(json));
}

function ofTexts(value: unknown, what: string): JsonRows {
  if (!Array.isArray(value)) return { problem: `${what} is not an array` };
  const texts: string[] = [];
  for (const [at, text] of value.entries()) {
    if (typeof text !== "string")
      return { problem: `${what} holds ${excerpt(JSON.stringify(text))} at ${at}, not a text` };
    texts.push(text);
  }
  return { rows: [{ texts }] };
}

function ofTextsObject(json: Json): JsonRows {
  const marks = marksOf(Object.entries(json).filter(([name]) => isMarkName(name)));
  if ("problem" in marks) return marks;
  const form = ofTexts(json["texts"], '"texts"');
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
function ofNamedColumns(
  value: unknown,
  { columns, idColumn, columnFlag }: JsonRowsOptions & { readonly columns: readonly string[] },
): JsonRows {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { problem: "not an object, so its columns have no names" };
  const json = value as Json; // what TypeScript calls an object may hold anything under any key
  const named = idColumn === undefined ? columns : [...columns, idColumn];
  const missing = named.find((name) => !Object.hasOwn(json, name));
  if (missing !== undefined) {
    const advice = columnAdvice(missing, idColumn, columnFlag);
    const has = Object.keys(json).join(", ");
    return {
      problem: `has no column "${missing}", only ${has}.${advice}`.replace(/\.$/, ""),
      reason: "no such column",
    };
  }
  const taken = ofColumns(
    columns.map((name) => [name, json[name]]),
    { isNamed: true },
  );
  if ("problem" in taken) return taken;
  const leftOut = Object.keys(json).filter((name) => !named.includes(name));
  if (idColumn === undefined) return { rows: taken.rows.map((row) => ({ ...row, leftOut })) };
  const id = json[idColumn];
  if (id !== null && typeof id !== "string" && typeof id !== "number")
    return { problem: `"${idColumn}" is ${excerpt(JSON.stringify(id))}, not a text or a number` };
  return { rows: taken.rows.map((row) => ({ ...row, id, leftOut })) };
}

/** How to say which column is meant, where messages are to say it: a sentence, after a space. */
export function columnAdvice(missing: string, idColumn: string | undefined, flag: string | undefined): string {
  return flag === undefined || missing === idColumn ? "" : ` Say which column holds the texts: ${flag} NAME.`;
}

function ofReddit(json: Json): JsonRows {
  const { context, response } = json;
  if (typeof context !== "string") return { problem: '"context" is not a text' };
  if (typeof response !== "string") return { problem: '"response" is not a text' };
  const group = groupOf("thread_id", json);
  return "problem" in group
    ? group
    : { rows: [{ texts: [response, context], names: ["response", "context"], ...group }] };
}

/** Columns in the order of their roles; one that holds a list of texts (negatives, say) is as many texts. */
function ofColumns(columns: readonly (readonly [name: string, value: unknown])[], { isNamed = false } = {}): JsonRows {
  const marked = columns.filter(([name]) => isMarkName(name));
  const marks = marksOf(marked);
  if ("problem" in marks) return marks;
  const names: string[] = [];
  const texts: string[] = [];
  for (const [name, value] of columns) {
    if (isMarkName(name)) continue;
    const held: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const text of held) {
      if (typeof text !== "string") {
        const rule = Array.isArray(value) ? "not a list of texts" : "not a text";
        const advice = isNamed ? "" : " (--columns takes some columns alone)";
        return { problem: `"${name}" is ${excerpt(JSON.stringify(value))}, ${rule}${advice}`, reason: "not a text" };
      }
      names.push(name);
      texts.push(text);
    }
  }
  const hasList = columns.some(([name, value]) => Array.isArray(value) && !isMarkName(name));
  return { rows: [{ texts, names, hasList, marks: marked.map(([name]) => name), ...marks }] };
}
