import { parseArgs } from "node:util";
import { ConfigError, nearestName } from "@kindred/errors";
import { flagName, type OptionTable, type ValueType, valueType } from "@kindred/options";

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
  const flags = spellings(table, optionalValue);
  const options = Object.fromEntries([...flags].map(([spelling, { takes }]) => [spelling, { type: takes }]));
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const given: { [name: string]: unknown } = {};
  const positionals: string[] = [];
  const read = new Set<number>();
  for (const token of tokens) {
    if (read.has(token.index)) continue;
    read.add(token.index);
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      positionals.push(token.value);
      continue;
    }
    const argument = argv[token.index] ?? token.rawName;
    if (!argument.startsWith("--")) {
      if (Number.isNaN(Number(argument))) throw unknownFlag(table, argument);
      positionals.push(argument); // a negative number
      continue;
    }
    const flag = flags.get(token.name);
    if (flag === undefined) throw unknownFlag(table, token.rawName);
    const { name, kind, negated } = flag;
    let { value } = token;
    if (kind === "boolean") {
      if (value !== undefined)
        throw new ConfigError(
          `${token.rawName}: takes no value. Got ${value}. Write ${token.rawName} or --no-${token.rawName.slice(2)}.`,
          { key: name },
        );
      given[name] = !negated;
      continue;
    }
    if (flag.takes === "boolean" && value === undefined) {
      const next = tokens.find(({ index }) => index === token.index + 1);
      value = next?.kind === "positional" ? next.value : "";
      if (next?.kind === "positional") read.add(next.index);
    }
    if (value === undefined || (token.inlineValue !== true && value !== "--" && value.startsWith("--"))) {
      throw new ConfigError(`${token.rawName}: a value is missing. Expected ${token.rawName} <${kind}>.`, {
        key: name,
      });
    }
    const before = given[name];
    if (kind === "list") given[name] = Array.isArray(before) ? [...before, value] : [value];
    else given[name] = kind === "number" ? numberOf(token.rawName, value) : value;
  }
  return { given, positionals };
}

/** What a spelling of a flag stands for, and whether it takes the next argument as its value. */
type Flag = {
  readonly name: string;
  readonly kind: ValueType["kind"];
  readonly negated: boolean;
  readonly takes: "boolean" | "string";
};

/** Every spelling of every flag: kebab, snake and camel case, and of a boolean all three after `no-` and `no_`. */
function spellings(table: OptionTable, optionalValue: readonly string[]): Map<string, Flag> {
  const [plain, negated] = [new Map<string, Flag>(), new Map<string, Flag>()];
  for (const [name, option] of Object.entries(table)) {
    const { kind } = valueType(option);
    const takes = kind === "boolean" || optionalValue.includes(name) ? "boolean" : "string";
    const kebab = flagName(name).slice(2);
    for (const spelling of [kebab, kebab.replaceAll("-", "_"), name]) {
      plain.set(spelling, { name, kind, negated: false, takes });
      if (kind === "boolean")
        for (const no of ["no-", "no_"]) negated.set(`${no}${spelling}`, { name, kind, negated: true, takes });
    }
  }
  return new Map([...negated, ...plain]);
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
