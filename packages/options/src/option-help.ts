import type { Option, OptionTable } from "./option.ts";
import { valueType } from "./value-type.ts";

/**
 * The lines of `--help` for a table of options: flag, what it takes, what it does, its default; under the headings of its groups.
 * Options that
 * a description names stand there as flags. Wrapped to `width` columns.
 *
 * @example
 * ```ts
 * import { option, optionHelp } from "@kindred/options";
 * import * as v from "valibot";
 *
 * optionHelp({ seed: option(v.number(), 7, "Seed of all randomness.") }); // => "  --seed <number>\n      Seed of all randomness. (default: 7)"
 * ```
 */
export function optionHelp(table: OptionTable, width = 100): string {
  const lines: string[] = [];
  let heading: string | undefined;
  for (const [name, option] of Object.entries(table)) {
    if (option.group !== heading)
      lines.push(...(lines.length === 0 ? [] : [""]), ...(option.group === undefined ? [] : [`${option.group}:`]));
    heading = option.group;
    const sentence = sentenceOf(option).replace(/\b[a-z]+[A-Z]\w*/g, (word) =>
      Object.hasOwn(table, word) ? flagName(word) : word,
    );
    lines.push(`  ${flagOf(name, option)}`, ...wrap(sentence, width - 6).map((line) => `      ${line}`));
  }
  return lines.join("\n");
}

/** An option's flag and what it takes: `--schedule <linear|constant>`. */
function flagOf(name: string, option: Option<unknown>): string {
  const type = valueType(option);
  const takes = type.kind === "boolean" ? "" : ` <${type.kind === "word" ? type.words.join("|") : type.kind}>`;
  const flag = option.default === true ? `--[no-]${flagName(name).slice(2)}` : flagName(name);
  return `${flag}${takes}`;
}

/** What an option does, and its default where that says something. */
function sentenceOf({ description, default: fallback }: Option<unknown>): string {
  const isSilent =
    fallback === undefined ||
    fallback === "" ||
    fallback === false ||
    (Array.isArray(fallback) && fallback.length === 0);
  return isSilent ? description : `${description} (default: ${String(fallback)})`;
}

/**
 * The command-line spelling of an option's name.
 *
 * @example
 * ```ts
 * import { flagName } from "@kindred/options";
 *
 * flagName("adamBeta1"); // => "--adam-beta1"
 * ```
 */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
