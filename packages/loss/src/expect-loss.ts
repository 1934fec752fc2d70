import { ConfigError } from "@kindred/errors";
import * as v from "valibot";
import type { Loss } from "./loss.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const name = v.pipe(v.string(), v.nonEmpty());

/** A loss's parts. Keys of its own beside them are the writer's; unknown needs would be met by nobody. */
const lossShape = v.object({
  name,
  options: v.record(v.string(), v.unknown()),
  over: v.picklist(["batch", "rows"]),
  needs: v.optional(
    v.strictObject({
      texts: v.optional(v.strictObject({ least: count, most: v.optional(count) })),
      scores: v.optional(v.picklist(["row", "candidate", "margin"])),
      labels: v.optional(v.union([v.literal(true), v.literal("binary")])),
      textIds: v.optional(v.literal(true)),
      groups: v.optional(v.literal(true)),
      sources: v.optional(v.literal(true)),
      vectors: v.optional(v.array(name)),
      dimensions: v.optional(v.record(v.string(), count)),
    }),
  ),
  parameters: v.optional(
    v.array(v.object({ name, shape: v.array(count), kind: v.picklist(["table", "matrix", "gain", "shift"]) })),
  ),
  matryoshkaDimensions: v.optional(v.array(count)),
  value: v.function(),
});

/**
 * A value as a loss, looked at: for those that come from elsewhere than this library, before anything is done with them.
 *
 * @param where whose loss it is, for the message
 * @throws ConfigError naming the part that is missing or none, what it is and what it should be
 *
 * @example
 * ```ts
 * import { expectLoss } from "@kindred/loss";
 * import { sum } from "@kindred/nn";
 *
 * expectLoss({ name: "sums", options: {}, over: "batch", value: ([a]) => sum(a) }, "my program").name; // => "sums"
 * ```
 */
export function expectLoss(value: unknown, where: string): Loss {
  const { success, issues } = v.safeParse(lossShape, value);
  if (success) return value as Loss; // what its functions take and give shows when they are called
  const [issue] = issues;
  const part = v.getDotPath(issue) ?? "";
  const problem = issue.received === "undefined" ? "is missing" : "does not fit";
  throw new ConfigError(
    `train: the loss of ${where} is none: ${part === "" ? "it" : part} ${problem}. Got ${issue.received}, expected ${issue.expected ?? "nothing of that name"}. ` +
      "A loss is { name, options, over, needs?, parameters?, value(columns, context) }.",
    { part },
  );
}
