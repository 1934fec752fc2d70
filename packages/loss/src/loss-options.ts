import { ConfigError } from "@kindred/errors";
import * as v from "valibot";

/**
 * A loss's options, checked, with defaults where nothing is said.
 *
 * @param name the loss, for the message
 * @param schema a strict object of what the options may be
 * @throws ConfigError naming the option that is none or out of range, what was given and what is expected
 *
 * @example
 * ```ts
 * import { lossOptions } from "@kindred/loss";
 * import * as v from "valibot";
 *
 * const options = v.strictObject({ margin: v.optional(v.pipe(v.number(), v.minValue(0)), 5) });
 * lossOptions("triplet", options, {}); // => { margin: 5 }
 * ```
 */
export function lossOptions<const Entries extends v.ObjectEntries>(
  name: string,
  schema: v.StrictObjectSchema<Entries, undefined>,
  given: object,
): v.InferOutput<v.StrictObjectSchema<Entries, undefined>> {
  const { success, issues, output } = v.safeParse(schema, given);
  if (success) return output;
  const [issue] = issues;
  const option = v.getDotPath(issue) ?? "";
  const known = Object.hasOwn(schema.entries, option.split(".")[0] ?? "");
  const rule = known ? `${option} ${issue.expected ?? "of another kind"}` : Object.keys(schema.entries).join(", ");
  throw new ConfigError(
    `${name}: ${known ? `${option} is out of range` : `there is no option ${option}`}. Got ${JSON.stringify(given)}, expected ${rule}.`,
    { loss: name, option },
  );
}
