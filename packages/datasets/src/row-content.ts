import { excerpt } from "./bad-line.ts";
import type { TextRow } from "./text-row.ts";

/** What a line says of a row: its texts, with the names of their columns where they have any, its scores, label and group. */
export type RowContent = Omit<TextRow, "place"> & { readonly names?: readonly string[] };

/** What is wrong with a line. */
export type Problem = { readonly problem: string };

/** Column names that hold something about the row rather than a text: the four that sentence-transformers knows. */
export function isMarkName(name: string): boolean {
  return isScoreName(name) || isLabelName(name);
}

export const isScoreName = (name: string): boolean => name === "score" || name === "scores";
export const isLabelName = (name: string): boolean => name === "label" || name === "labels";

/**
 * What the values of such columns say: a number under score is a score, a number or a name under label is the label, and several numbers
 * are scores whatever they are called (sentence-transformers has the scores of candidates under label).
 */
export function marksOf(
  columns: readonly (readonly [name: string, value: unknown])[],
): Pick<RowContent, "scores" | "label"> | Problem {
  let scores: readonly number[] | undefined;
  let label: number | string | undefined;
  for (const [name, value] of columns) {
    const numbers: readonly unknown[] = Array.isArray(value) ? value : isScoreName(name) ? [value] : [];
    const isName = typeof value === "string" && value !== "" && isLabelName(name);
    if (numbers.length > 0 && numbers.every(isNumber)) {
      if (scores !== undefined) return { problem: `"${name}" is a second score` };
      scores = numbers;
    } else if (isName || (isNumber(value) && isLabelName(name))) {
      if (label !== undefined) return { problem: `"${name}" is a second label` };
      label = value;
    } else {
      const rule = isScoreName(name) ? "not a number" : "not a number or a name";
      return { problem: `"${name}" is ${excerpt(JSON.stringify(value))}, ${rule}` };
    }
  }
  return { ...(scores !== undefined && { scores }), ...(label !== undefined && { label }) };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * Holds the rows of one file to what the first row declared: how many texts it has, and, where rows name their columns, the names; how
 * many scores; and whether its label is a number or a name. A row that names the same columns in another order is put into the declared
 * order.
 *
 * @returns a function from a row to that row, or to what is wrong with it
 */
export function columnRule(): (row: RowContent) => RowContent | Problem {
  let first: RowContent | undefined;
  return (row) => {
    first ??= row;
    const declared = (what: string, declared: string) => ({
      problem: `the row has ${what}, and the first row declared ${declared}`,
    });
    if (row.texts.length !== first.texts.length) return declared(`${row.texts.length} texts`, `${first.texts.length}`);
    const [marks, firstMarks] = [nameMarks(row), nameMarks(first)];
    if (marks !== firstMarks) return declared(marks, firstMarks);
    if (row.names === undefined || first.names === undefined) return row;
    const places = new Map(row.names.map((name, column) => [name, row.texts[column]]));
    const texts = first.names.flatMap((name) => places.get(name) ?? []);
    if (texts.length === first.texts.length) return { ...row, texts, names: first.names };
    return {
      problem: `the columns are ${row.names.join(", ")}, and the first row declared ${first.names.join(", ")}`,
    };
  };
}

/** Scores and label of a row in words: rows of one file have the same. */
function nameMarks({ scores = [], label }: RowContent): string {
  const named = [
    ...(scores.length > 0 ? [`${scores.length} score${scores.length === 1 ? "" : "s"}`] : []),
    ...(label === undefined ? [] : [typeof label === "number" ? "a number as label" : "a name as label"]),
  ];
  return named.join(" and ") || "no score and no label";
}
