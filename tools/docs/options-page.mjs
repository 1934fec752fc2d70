// docs/options.md as text: the reference of all training options, made from their table.
import { valueType } from "@kindred/options";
import { trainOptions, trainPresets } from "@kindred/trainer";

/** The headings of the page, each by the first option under it, in the order of the table. */
const headings = new Map([
  ["data", "Data"],
  ["model", "Model"],
  ["batchSize", "Batches"],
  ["scale", "Loss"],
  ["maxSteps", "Steps and optimizer"],
  ["output", "The run"],
]);

/**
 * @typedef {import("@kindred/options").Option<unknown>} Option
 * @typedef {{ readonly type: string, readonly requirement?: unknown, readonly wrapped?: Described, readonly pipe?: readonly Described[] }} Described
 * what this page reads of a valibot schema or of an action in it.
 */

/** The whole page. */
export function optionsPage() {
  const introduction = [
    "# Training options",
    "",
    "Every option of a training run, for `trainConfig` of `@kindred/trainer`, for the file of `--config`, and for `kindred-train`, where `batchSize`",
    "is written `--batch-size`. A boolean takes no value there: `--revectorize`, `--no-revectorize`. The command has `revectorize` on by default.",
    "",
    "This page is written by `node tools/docs/write-options.mjs` from the options themselves.",
  ];
  return `${[...introduction, ...optionSections(), "", ...presetSection()].join("\n")}\n`;
}

function optionSections() {
  const missing = [...headings.keys()].filter((name) => !Object.hasOwn(trainOptions, name));
  if (missing.length > 0) throw new Error(`optionsPage: no option ${missing.join(", ")}. Put the heading on another.`);
  /** @type {{ readonly heading: string, readonly rows: string[][] }[]} */
  const sections = [];
  for (const [name, option] of Object.entries(trainOptions)) {
    const heading = headings.get(name);
    if (heading !== undefined) sections.push({ heading, rows: [["option", "takes", "default", "what it does"]] });
    const cells = [`\`${name}\``, takes(option), shown(option.default), escaped(option.description)];
    sections.at(-1)?.rows.push(cells);
  }
  return sections.flatMap(({ heading, rows }) => ["", `## ${heading}`, "", ...table(rows)]);
}

function presetSection() {
  const presets = Object.entries(trainPresets);
  const names = Object.keys(trainOptions).filter((name) => presets.some(([, values]) => name in values));
  const cellOf = (/** @type {Record<string, unknown>} */ values, /** @type {string} */ name) => shown(values[name]);
  return [
    "## Presets",
    "",
    "What `--preset` puts in the place of the defaults. What is given beside it goes before it.",
    "",
    ...table([
      ["option", ...presets.map(([preset]) => `\`${preset}\``)],
      ...names.map((name) => [`\`${name}\``, ...presets.map(([, values]) => cellOf(values, name))]),
    ]),
    "",
    "As a preset of the command, `quickstart` also names its data. `npx kindred-train --help` lists these options as flags, after the command's own.",
  ];
}

/** A Markdown table with its columns aligned, as the formatter has them; the first row is its head. */
function table(/** @type {readonly (readonly string[])[]} */ rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
}

/** What values an option takes, in a few words; found from its schema. */
export function takes(/** @type {Option} */ option) {
  const type = valueType(option);
  if (type.kind === "word") return type.words.map((word) => `\`${word}\``).join(", ");
  if (type.kind === "list") return "list of texts";
  if (type.kind !== "number") return type.kind === "string" ? "text" : "true or false";
  const actions = actionsOf(option);
  const requirement = (/** @type {string} */ action) => actions.find(({ type: name }) => name === action)?.requirement;
  const kind = actions.some(({ type: name }) => name === "integer") ? "whole number" : "number";
  const [least, most] = [requirement("min_value"), requirement("max_value")];
  const [above, below] = [requirement("gt_value"), requirement("lt_value")];
  const lower = least === undefined ? (above === undefined ? "" : ` above ${above}`) : ` from ${least}`;
  const upper = most === undefined ? (below === undefined ? "" : ` to below ${below}`) : ` to ${most}`;
  return `${kind}${lower}${upper}`;
}

/** @param {Option} option @returns {readonly Described[]} */
function actionsOf(option) {
  let schema = /** @type {Described} */ (/** @type {unknown} */ (option.schema));
  while (schema.wrapped !== undefined) schema = schema.wrapped;
  return schema.pipe ?? [];
}

/** Text as Markdown in a cell: `<s>` is no HTML there, and a bar ends no cell. */
function escaped(/** @type {string} */ text) {
  return text.replace(/[<|]/g, "\\$&");
}

function shown(/** @type {unknown} */ value) {
  if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return "";
  return `\`${String(value)}\``;
}
