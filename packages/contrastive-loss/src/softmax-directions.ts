import { ConfigError } from "@kindred/errors";

/** Who looks for whom: the rows and the columns of a block of scores. A "doc" that looks is the row's own positive. */
export type Direction = "queryToDoc" | "queryToQuery" | "docToQuery" | "docToDoc";

/** The choice of directions in `ContrastiveOptions`. */
export type DirectionOptions = {
  readonly direction?: "symmetric" | "one-way";
  readonly directions?: readonly Direction[];
  readonly partition?: "joint" | "perDirection";
};

/** The directions whose candidates share a softmax. */
export type Softmax = readonly [Direction, ...Direction[]];

const known: readonly Direction[] = ["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"];

/**
 * The directions of each softmax of the loss, `queryToDoc` first: one list of all in the joint form, one list each per direction.
 *
 * @throws ConfigError if a direction is unknown or `queryToDoc` missing, the choice is made twice or half, or a direction without the
 * right answer among its candidates would have a softmax of its own.
 */
export function softmaxDirections(
  { direction, directions, partition }: DirectionOptions,
  columns: number,
): readonly Softmax[] {
  if (directions === undefined) {
    if (partition !== undefined) refuse("partition is of directions, of which there are none", { partition });
    const oneWay = (direction ?? (columns > 2 ? "one-way" : "symmetric")) === "one-way";
    return oneWay ? [["queryToDoc"]] : [["queryToDoc"], ["docToQuery"]];
  }
  if (direction !== undefined) refuse("direction and directions are both given", { direction, directions });
  const [first, ...others] = known.filter((name) => directions.includes(name));
  if (first !== "queryToDoc" || !directions.every((name) => known.includes(name))) {
    return refuse("directions are not what the loss knows", { directions });
  }
  if (partition === undefined || partition === "joint") return [[first, ...others]];
  if (partition !== "perDirection") refuse("partition is not what the loss knows", { partition });
  if (others.includes("queryToQuery") || others.includes("docToDoc")) {
    refuse("a softmax of its own needs the right answer among its candidates", { directions, partition });
  }
  return [first, ...others].map((name) => [name]);
}

function refuse(what: string, values: DirectionOptions): never {
  throw new ConfigError(
    `contrastive: ${what}. Got ${JSON.stringify(values)}, expected direction "symmetric" or "one-way" alone, or directions: ` +
      `"queryToDoc" and any of ${known.slice(1).join(", ")}, with partition "joint", or, for queryToDoc and docToQuery, "perDirection".`,
    values,
  );
}
