import type { Columns } from "@kindred/datasets";
import type { Loss } from "@kindred/loss";

/** What a column of a file is taken for. */
export type ColumnRole = {
  /** `query`, `positive` and `negative`, as --columns has them; `first` and `second` of pairs that are judged; `text`; `score`, `label`; `unused`. */
  readonly role: string;
  /** Default: it has none. */
  readonly name?: string;
};

/**
 * The roles of a file's columns, in their order.
 *
 * @param count how many texts a row has
 * @param columns their names, where they have some
 */
export function columnRoles(
  { needs = {} }: Pick<Loss, "needs">,
  count: number,
  columns: Columns | undefined,
): ColumnRole[] {
  const isJudged = needs.scores === "row" || needs.labels !== undefined;
  const roles = count === 1 ? ["text"] : isJudged ? ["first", "second", "third"] : ["query", "positive", "negative"];
  const roleOf = (column: number) => roles[Math.min(column, roles.length - 1)] ?? "text";
  if (columns === undefined) return Array.from({ length: count }, (_, column) => ({ role: roleOf(column) }));
  const { texts, marks, leftOut } = columns;
  const isFirst = (name: string, column: number) => texts.indexOf(name) === column; // a list of negatives is one column
  return [
    ...texts.flatMap((name, column) => (isFirst(name, column) ? [{ role: roleOf(column), name }] : [])),
    ...marks.map((name) => ({
      role: name.startsWith("score") || needs.scores !== undefined ? "score" : "label",
      name,
    })),
    ...leftOut.map((name) => ({ role: "unused", name })),
  ];
}
