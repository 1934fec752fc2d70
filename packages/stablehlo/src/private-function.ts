import { bodyText } from "./body-text.ts";
import { contentHash } from "./content-hash.ts";
import type { Node } from "./recording.ts";

/** A function of a program that only the program calls: printed once, however often it is called. */
export type PrivateFunction = {
  /** What the person who recorded it calls it. */
  readonly name: string;
  readonly parameters: readonly Node[];
  readonly outputs: readonly Node[];
  /** The hash of its text and of the functions that it calls: two functions with one hash are one. */
  readonly hash: string;
};

/** A recorded body as a function. */
export function privateFunction(name: string, parameters: readonly Node[], outputs: readonly Node[]): PrivateFunction {
  const text = bodyText({ head: "private @f", parameters, outputs, symbol: ({ hash }) => hash });
  return { name, parameters, outputs, hash: contentHash(text) };
}
