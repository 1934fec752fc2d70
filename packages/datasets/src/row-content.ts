import { type BadLineReason, excerpt } from "./bad-line.ts";
import type { TextRow } from "./text-row.ts";

/** What a line says of a row: its texts, with the names of their columns where they have any, its scores, label and group. */
export type RowContent = Omit<TextRow, "place"> & {
  readonly names?: readonly string[];
  /** The names under which its scores and label stand, where texts have names too. */
  readonly marks?: readonly string[];
  /** Whether one of its columns is a list, of as many texts as there are. */
  readonly hasList?: boolean;
  /** Columns of the line that were not asked for. */
  readonly leftOut?: readonly string[];
};

/** What is wrong with a line. */
export type Problem = { readonly problem: string; readonly reason?: BadLineReason };

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
 * @param options with `anyNumber`, rows may have any number of negatives
 * @returns a function from a row to that row, or to what is wrong with it
 */
export function columnRule({ anyNumber = false } = {}): (row: RowContent) => RowContent | Problem {
  let first: RowContent | undefined;
  return (row) => {
    first ??= row;
    const declared = (what: string, declared: string) => ({
      problem: `the row has ${what}, and the first row declared ${declared}`,
    });
    if (row.texts.length !== first.texts.length && !(anyNumber && row.texts.length >= 2)) {
      const isOpen = (row.names ?? first.names) === undefined || row.hasList === true || first.hasList === true;
      const isOfNegatives = Math.min(row.texts.length, first.texts.length) >= 2 && isOpen;
      const advice = isOfNegatives ? " (--num-negatives N gives every row N negatives)" : "";
      return declared(`${row.texts.length} texts`, `${first.texts.length}${advice}`);
    }
    const [marks, firstMarks] = [nameMarks(row), nameMarks(first)];
    if (marks !== firstMarks) return declared(marks, firstMarks);
    if (row.names === undefined || first.names === undefined) return row;
    const { names } = row;
    if (names.length === first.names.length && names.every((name, column) => name === first?.names?.[column]))
      return row;
    const order = [...new Set([...first.names, ...(anyNumber ? names : [])])];
    const texts = order.flatMap((name) => row.texts.filter((_, column) => names[column] === name));
    const isWhole = order.slice(0, anyNumber ? 2 : undefined).every((name) => names.includes(name));
    if (isWhole && texts.length === row.texts.length)
      return { ...row, texts, names: order.flatMap((name) => names.filter((other) => other === name)) };
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

/** What is known of a file's columns of texts. */
export type ColumnFacts = {
  readonly file: string;
  /** Their names, in the order of their roles, one for each text; undefined where they have none. */
  readonly names?: readonly string[] | undefined;
  /** Columns that are taken as score and label, for what is advised. Default: none. */
  readonly marks?: readonly string[] | undefined;
  /** The first rows. */
  readonly rows: readonly Pick<TextRow, "texts">[];
  /** Whether somebody has named the columns, so that their order is meant. Default: false. */
  readonly isChosen?: boolean;
};

/** Names that say what a column is for, in the order in which those roles stand. */
const roles = [
  /^(anchor|query|question|premise|sentence_?(1|a)|text_?(1|a))s?$/i,
  /^(pos(itive)?|answer|response|document|doc|passage|hypothesis|sentence_?(2|b)|text_?(2|b))s?$/i,
  /^(hard_?)?neg(ative)?s?(_?\d+)?$/i,
];

/**
 * What looks wrong with the columns of a file, in a sentence each: names that contradict the order, a row taken for names, and ids taken for texts.
 *
 * @example
 * ```ts
 * import { columnWarnings } from "@kindred/datasets";
 *
 * const [warning] = columnWarnings({ file: "qa.jsonl", names: ["answer", "question"], rows: [] });
 * warning?.slice(0, 29); // => "qa.jsonl: the columns answer,"
 * ```
 */
export function columnWarnings({ file, names, marks = [], rows, isChosen = false }: ColumnFacts): string[] {
  const warnings: string[] = [];
  const shown = [...new Set(names)];
  const known = (names ?? []).flatMap((name) => {
    const role = roles.findIndex((pattern) => pattern.test(name));
    return role < 0 ? [] : [{ name, role }];
  });
  const inOrder = known.toSorted((a, b) => a.role - b.role).map(({ name }) => name);
  if (!isChosen && known.some(({ name }, i) => name !== inOrder[i]))
    warnings.push(
      `${file}: the columns ${shown.join(", ")} are not in the order of their names: the first is taken as what is searched with. Say which is which: ${columnsFlag([...inOrder, ...marks])}`,
    );
  if (shown.length > 0 && shown.every((name) => /\S\s+\S+\s+\S/.test(name)))
    warnings.push(
      `${file}: the columns are called ${shown.map((name) => excerpt(name)).join(", ")}: is that a row? The first line of such a file names its columns.`,
    );
  const [first] = rows;
  for (const [column, name] of (names ?? first?.texts.map(() => undefined) ?? []).entries()) {
    const values = rows.flatMap(({ texts }) => texts[column] ?? []);
    if (!areIds(values, name)) continue;
    const others = (names ?? []).filter((other) => other !== name);
    const advice = others.length >= 2 ? ` Leave it out: ${columnsFlag([...others, ...marks])}` : "";
    warnings.push(
      `${file}: the column ${name ?? column + 1} looks like ids (${values.slice(0, 2).join(", ")}), and is trained on as a text.${advice}`,
    );
  }
  return warnings;
}

/** The flag that takes these columns, scores and labels among them, which it would leave out otherwise. */
function columnsFlag(names: readonly string[]): string {
  return `--columns ${[...new Set(names)].join(",")}`;
}

/** Rows by whose values a column is taken for ids, whatever it is called. */
const enoughRows = 20;

function areIds(values: readonly string[], name: string | undefined): boolean {
  const isCalledSo = name !== undefined && /^(id|idx|index|uuid|guid|.*[_-]id|.*[a-z]Id)$/.test(name);
  const areCodes = values.every((value) => value.length <= 64 && /\d/.test(value) && !/\s/.test(value));
  if (!areCodes || values.length === 0) return false;
  return isCalledSo || (values.length >= enoughRows && new Set(values).size === values.length);
}
