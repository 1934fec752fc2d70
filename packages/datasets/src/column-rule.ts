import type { RowContent } from "./json-rows.ts";

/**
 * Holds the rows of one file to the columns that the first row declared: their number, and, where rows name their
 * columns, the names. A row that names the same columns in another order is put into the declared order.
 *
 * @returns a function from a row to that row, or to what is wrong with it
 */
export function columnRule(): (row: RowContent) => RowContent | { readonly problem: string } {
  let first: RowContent | undefined;
  return (row) => {
    first ??= row;
    if (row.texts.length !== first.texts.length) {
      return { problem: `the row has ${row.texts.length} texts, and the first row declared ${first.texts.length}` };
    }
    const { names } = row;
    if (names === undefined || first.names === undefined || sameNames(names, first.names)) return row;
    const order = first.names.map((name) => names.indexOf(name));
    if (order.includes(-1)) {
      return { problem: `the columns are ${names.join(", ")}, and the first row declared ${first.names.join(", ")}` };
    }
    return { ...row, texts: order.map((column) => row.texts[column]!), names: first.names };
  };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.every((name, column) => name === b[column]);
}
