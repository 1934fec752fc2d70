import type * as v from "valibot";

/** One option: what values it takes, what it is when nothing is said, and one sentence for people. */
export type Option<Value> = {
  /** The valibot schema of a value: a number, a boolean, a string, one of several words, or a list of strings. */
  readonly schema: v.GenericSchema<unknown, Value>;
  /** The value when nothing is said. */
  readonly default: Value;
  /** What the option does, in one sentence, with units. Shown by `--help` and in the reference. */
  readonly description: string;
  /** The heading that it stands under in `--help` and in the reference. Default: none. */
  readonly group?: string;
};

/** Options by name, in the order in which `--help` lists them. Names are camelCase. */
export type OptionTable = { readonly [name: string]: Option<unknown> };

/** The values of a table of options. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Value> ? Value : never;
};

/**
 * An option of a table.
 *
 * @example
 * ```ts
 * import { option } from "@kindred/options";
 * import * as v from "valibot";
 *
 * const options = { warmupSteps: option(v.pipe(v.number(), v.minValue(0)), 500, "Steps over which the rate rises from 0.") };
 * options.warmupSteps.default; // => 500
 * ```
 */
export function option<Value>(
  schema: v.GenericSchema<unknown, Value>,
  defaultValue: NoInfer<Value>,
  description: string,
): Option<Value> {
  return { schema, default: defaultValue, description };
}

/**
 * Options that belong together, under a heading of `--help` and of the reference. A table is made of such groups, one after another.
 *
 * @example
 * ```ts
 * import { grouped, option } from "@kindred/options";
 * import * as v from "valibot";
 *
 * const options = {
 *   ...grouped("Data", { data: option(v.string(), "", "Training pairs.") }),
 *   ...grouped("Steps", { maxSteps: option(v.number(), 2000, "Steps of the schedule.") }),
 * };
 * options.maxSteps.group; // => "Steps"
 * ```
 */
export function grouped<Table extends OptionTable>(group: string, table: Table): Table {
  const options = Object.entries(table).map(([name, one]) => [name, { ...one, group }]);
  return Object.fromEntries(options) as Table; // of the same names and types
}
