import { ConfigError } from "@kindred/errors";

/** What a call is specialised on: an op's fixed values, or the attributes of a kernel of tfjs. */
export type FixedValues = { readonly [name: string]: unknown };

/**
 * A copy of fixed values that stays as it is: lists and records all the way down, without the names in `left` and those of which nothing
 * is said.
 *
 * @throws ConfigError for what is no plain value.
 */
export function keptFixed(given: FixedValues, left: ReadonlySet<string>): FixedValues {
  const kept: { [name: string]: unknown } = {};
  for (const name in given) {
    if (given[name] !== undefined && !left.has(name)) kept[name] = keptValue(name, given[name]);
  }
  return kept;
}

function keptValue(name: string, value: unknown): unknown {
  if (isList(value)) return Array.from(value, (each) => keptValue(name, each));
  if (typeof value === "object" && value !== null) return keptFixed(value as FixedValues, none); // a record: no list, and no class of ours is fixed
  if (typeof value !== "function" && typeof value !== "symbol" && typeof value !== "bigint") return value;
  throw new ConfigError(
    `xla: no program can be made for a fixed value. Got ${name}, a ${typeof value}, expected numbers, strings, truths, and lists and records of them. ` +
      "Give an op what it computes with as inputs or data.",
    { name },
  );
}

const none: ReadonlySet<string> = new Set();

/** Whether fixed values say what was kept. −0 and 0 differ, and NaN is itself: a program may have been made for either. */
export function saysTheSame(kept: FixedValues, given: FixedValues, left: ReadonlySet<string>): boolean {
  let count = 0;
  for (const name in given) {
    const value = given[name];
    if (value === undefined || left.has(name)) continue;
    if (!sameValue(kept[name], value)) return false;
    count++;
  }
  for (const _ in kept) count--;
  return count === 0;
}

function sameValue(kept: unknown, given: unknown): boolean {
  if (typeof given !== "object" || given === null) return Object.is(kept, given);
  if (typeof kept !== "object" || kept === null) return false;
  if (isList(given)) {
    if (!Array.isArray(kept) || kept.length !== given.length) return false;
    for (let i = 0; i < given.length; i++) if (!sameValue(kept[i], given[i])) return false;
    return true;
  }
  return !Array.isArray(kept) && saysTheSame(kept as FixedValues, given as FixedValues, none); // both are records
}

/** Whether a value is an array, of numbers alone or not. */
function isList(value: unknown): value is ArrayLike<unknown> & Iterable<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
