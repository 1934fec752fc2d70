import { ConfigError, nearestName } from "@kindred/errors";
import { flagName, type OptionTable, valueType } from "@kindred/options";

/** What a command line says: the options that stand on it, not yet checked against their schemas, and everything else. */
export type ParsedFlags = {
  readonly given: { readonly [name: string]: unknown };
  readonly positionals: readonly string[];
};

/**
 * The flags and positional arguments of a command line.
 *
 * `--warmup-steps 500`, `--warmup-steps=500`, `--warmup_steps 500` and `--warmupSteps 500` are the same. A boolean needs no
 * value, and `--no-…` turns it off. A list is given by repeating its flag. After `--` everything is positional. Where a table's
 * option may be a bare flag or have a value, list it in `optionalValue`: bare, it is `""`.
 *
 * @throws ConfigError for an unknown flag (naming the nearest), a missing value, and a word where a number is due.
 *
 * @example
 * ```ts
 * import { parseFlags } from "@kindred/command-line/node";
 * import { option } from "@kindred/options";
 * import * as v from "valibot";
 *
 * const table = { seed: option(v.number(), 0, "Seed."), json: option(v.boolean(), false, "Print events as JSON.") };
 * parseFlags(table, ["pairs.jsonl", "--seed=7", "--json"]).given; // => { seed: 7, json: true }
 * ```
 */
export function parseFlags(
  table: OptionTable,
  argv: readonly string[],
  { optionalValue = [] as readonly string[] } = {},
): ParsedFlags {
  const given: { [name: string]: unknown } = {};
  const positionals: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === "--") return { given, positionals: [...positionals, ...argv.slice(i + 1)] };
    if (!argument.startsWith("--")) {
      if (argument.startsWith("-") && argument.length > 1 && Number.isNaN(Number(argument)))
        throw unknownFlag(table, argument);
      positionals.push(argument);
      continue;
    }
    const equals = argument.indexOf("=");
    const flag = equals < 0 ? argument : argument.slice(0, equals);
    const { name, negated } = optionOfFlag(table, flag);
    const type = valueType(table[name]!);
    const next = argv[i + 1];
    let text: string | undefined = equals < 0 ? undefined : argument.slice(equals + 1);
    if (type.kind === "boolean") {
      if (text !== undefined)
        throw new ConfigError(`${flag}: takes no value. Got ${text}. Write ${flag} or --no-${flag.slice(2)}.`, {
          key: name,
        });
      given[name] = !negated;
      continue;
    }
    if (text === undefined && optionalValue.includes(name) && (next === undefined || next.startsWith("--"))) text = "";
    else if (text === undefined) {
      if (next === undefined || (next.startsWith("--") && next !== "--")) {
        throw new ConfigError(`${flag}: a value is missing. Expected ${flag} <${type.kind}>.`, { key: name });
      }
      text = next;
      i++;
    }
    if (type.kind === "list") given[name] = [...((given[name] as string[] | undefined) ?? []), text];
    else given[name] = type.kind === "number" ? numberOf(flag, text) : text;
  }
  return { given, positionals };
}

function optionOfFlag(table: OptionTable, flag: string): { name: string; negated: boolean } {
  const camel = (text: string) => text.replace(/[-_]([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
  const name = camel(flag.slice(2));
  if (Object.hasOwn(table, name)) return { name, negated: false };
  const positive = flag.startsWith("--no-") ? camel(flag.slice(5)) : undefined;
  if (positive !== undefined && Object.hasOwn(table, positive) && valueType(table[positive]!).kind === "boolean") {
    return { name: positive, negated: true };
  }
  throw unknownFlag(table, flag);
}

function unknownFlag(table: OptionTable, flag: string): ConfigError {
  const nearest = nearestName(flag.replaceAll("_", "-"), Object.keys(table).map(flagName));
  const hint =
    nearest === undefined ? "See --help for all options; after -- everything is text." : `Did you mean ${nearest}?`;
  return new ConfigError(`unknown option ${flag}. ${hint}`, { flag, nearest });
}

function numberOf(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value))
    throw new ConfigError(`${flag}: not a number. Got ${text}.`, { flag, value: text });
  return value;
}
