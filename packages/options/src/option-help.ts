import type { OptionTable } from "./option.ts";
import { valueType } from "./value-type.ts";

/**
 * The lines of `--help` for a table of options: flag, what it takes, what it does, its default. Wrapped to `width` columns.
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
  return Object.entries(table)
    .map(([name, option]) => {
      const type = valueType(option);
      const takes = type.kind === "boolean" ? "" : ` <${type.kind === "word" ? type.words.join("|") : type.kind}>`;
      const { default: fallback } = option;
      const silent =
        fallback === undefined ||
        fallback === "" ||
        fallback === false ||
        (Array.isArray(fallback) && fallback.length === 0);
      const text = silent ? option.description : `${option.description} (default: ${String(fallback)})`;
      const flag = fallback === true ? `--[no-]${flagName(name).slice(2)}` : flagName(name);
      return `  ${flag}${takes}\n${wrap(text, width - 6)
        .map((line) => `      ${line}`)
        .join("\n")}`;
    })
    .join("\n");
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
