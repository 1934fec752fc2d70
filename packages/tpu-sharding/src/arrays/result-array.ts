import { ShapeError } from "@kindred/errors";
import type { NumericArray } from "../numeric-array.ts";
import { arrayLike } from "./element-type.ts";

/** `into` if it has the right length, or else a new array. */
export function resultArray<T extends NumericArray>(
  functionName: string,
  array: T,
  { length, into }: { length: number; into?: T | undefined },
): T {
  if (into !== undefined && into.length !== length) {
    const found = `Got ${into.length} elements, expected ${length}`;
    throw new ShapeError(`${functionName}: \`into\` does not fit the result. ${found}.`, {
      into: into.length,
      length,
    });
  }
  return into ?? arrayLike(array, length);
}
