import { ConfigError, nearestName } from "@kindred/errors";
import * as v from "valibot";
import type { OptionTable, OptionValues } from "./option.ts";

/**
 * Every option's value: the given one where there is one, else the default. Each given value is checked.
 *
 * `where` is named in errors: the file or command that the values come from. `named` says how an option is written there: of a command
 * line, `flagName`. Default: as in the table.
 *
 * @throws ConfigError for a key that the table lacks (naming the nearest that it has) and for a value that its schema
 * refuses.
 *
 * @example
 * ```ts
 * import { checkOptions, option } from "@kindred/options";
 * import * as v from "valibot";
 *
 * const table = { seed: option(v.number(), 0, "Seed of all randomness."), epochs: option(v.number(), 1, "Passes.") };
 * checkOptions(table, { seed: 7 }, "run.json"); // => { seed: 7, epochs: 1 }
 * ```
 */
export function checkOptions<Table extends OptionTable>(
  table: Table,
  given: unknown,
  where: string,
  { named = (name: string) => name } = {},
): OptionValues<Table> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new ConfigError(
      `${where}: the configuration is not an object. Got ${JSON.stringify(given)}, expected { option: value, … }.`,
    );
  }
  for (const key of Object.keys(given)) if (!Object.hasOwn(table, key)) throw unknownOption(table, key, where);
  const values: { [name: string]: unknown } = {};
  for (const [name, { schema, default: fallback }] of Object.entries(table)) {
    const value = (given as { [name: string]: unknown })[name];
    values[name] =
      value === undefined ? fallback : checkValue(name, schema, value, `${where}: bad value for ${named(name)}`);
  }
  return values as OptionValues<Table>;
}

/**
 * The error for a key that a table of options lacks. It names the nearest key that the table has.
 *
 * @example
 * ```ts
 * import { option, unknownOption } from "@kindred/options";
 * import * as v from "valibot";
 *
 * const table = { seed: option(v.number(), 0, "Seed of all randomness.") };
 * unknownOption(table, "sede", "run.json").message; // => "run.json: unknown option sede. Did you mean seed?"
 * ```
 */
export function unknownOption(table: OptionTable, key: string, where: string): ConfigError {
  const nearest = nearestName(key, Object.keys(table));
  const hint = nearest === undefined ? "See --help for all options." : `Did you mean ${nearest}?`;
  return new ConfigError(`${where}: unknown option ${key}. ${hint}`, { key, nearest });
}

function checkValue(name: string, schema: v.GenericSchema, value: unknown, problem: string): unknown {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const rules = result.issues.map(({ expected, type, message }) =>
    // valibot's own words, "Invalid value: Expected >=2 but received 1", say it twice.
    message.startsWith("Invalid ") ? `expected ${expected ?? type}` : message,
  );
  const got = typeof value === "number" ? value : JSON.stringify(value); // JSON has no Infinity
  throw new ConfigError(`${problem}. Got ${got}, ${rules.join("; ")}.`, { key: name, value });
}
