import type { Option, OptionTable } from "./option.ts";
import { innermostSchema, valueType } from "./value-type.ts";

/**
 * The reference of a table of options as Markdown: for each group a heading of the second level, and a table with each option's name,
 * what it takes, its default and what it does.
 *
 * @example
 * ```ts
 * import { grouped, option, optionReference } from "@kindred/options";
 * import * as v from "valibot";
 *
 * const table = grouped("Steps", { maxSteps: option(v.pipe(v.number(), v.integer(), v.minValue(1)), 2000, "How many.") });
 * optionReference(table).split("\n").at(-1); // => "| `maxSteps` | whole number from 1 | `2000`  | How many.    |"
 * ```
 */
export function optionReference(table: OptionTable): string {
  const sections: { readonly heading: string | undefined; readonly rows: string[][] }[] = [];
  for (const [name, option] of Object.entries(table)) {
    let section = sections.at(-1);
    if (section === undefined || section.heading !== option.group) {
      section = { heading: option.group, rows: [["option", "takes", "default", "what it does"]] };
      sections.push(section);
    }
    section.rows.push([`\`${name}\``, takes(option), shown(option.default), escaped(option.description)]);
  }
  const texts = sections.map(({ heading, rows }) => {
    const lines = markdownTable(rows);
    return heading === undefined ? lines : `## ${heading}\n\n${lines}`;
  });
  return texts.join("\n\n");
}

/** What values an option takes, in a few words; found from its schema. */
function takes(option: Option<unknown>): string {
  const type = valueType(option);
  if (type.kind === "word") return type.words.map((word) => `\`${word}\``).join(", ");
  if (type.kind === "list") return "list of texts";
  if (type.kind !== "number") return type.kind === "string" ? "text" : "true or false";
  const actions = innermostSchema(option).pipe ?? [];
  const requirement = (action: string) => actions.find(({ type: name }) => name === action)?.requirement;
  const kind = actions.some(({ type: name }) => name === "integer") ? "whole number" : "number";
  const [least, most] = [requirement("min_value"), requirement("max_value")];
  const [above, below] = [requirement("gt_value"), requirement("lt_value")];
  const lower = least === undefined ? (above === undefined ? "" : ` above ${above}`) : ` from ${least}`;
  const upper = most === undefined ? (below === undefined ? "" : ` to below ${below}`) : ` to ${most}`;
  return `${kind}${lower}${upper}`;
}

/** Text as Markdown in a cell: `<s>` is no HTML there, and a bar ends no cell. */
function escaped(text: string): string {
  return text.replace(/[<|*]/g, "\\$&");
}

/**
 * A value as a cell of a reference shows it; nothing for what says nothing.
 *
 * @example
 * ```ts
 * import { shown } from "@kindred/options";
 *
 * [shown(0.1), shown("mean"), shown([])]; // => ["`0.1`", "`mean`", ""]
 * ```
 */
export function shown(value: unknown): string {
  if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return "";
  return `\`${String(value)}\``;
}

/**
 * A Markdown table with its columns aligned; the first row is its head.
 *
 * @example
 * ```ts
 * import { markdownTable } from "@kindred/options";
 *
 * markdownTable([["step", "loss"], ["1", "2.5"]]); // => "| step | loss |\n| ---- | ---- |\n| 1    | 2.5  |"
 * ```
 */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
