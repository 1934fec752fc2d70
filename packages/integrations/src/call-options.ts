import { ConfigError, nearestName } from "@kindred/errors";
import type { EncodeOptions } from "@kindred/sentence-encoder";

/** What may be said of a call's vectors: options of `encode` that are plain data and leave a vector's numbers float32. */
export type CallOptions = Pick<
  EncodeOptions,
  | "promptName"
  | "prompt"
  | "maxLength"
  | "normalizeEmbeddings"
  | "truncateDim"
  | "specialTokens"
  | "maxBatchTokens"
  | "priority"
>;

const names: readonly (keyof CallOptions)[] = [
  "promptName",
  "prompt",
  "maxLength",
  "normalizeEmbeddings",
  "truncateDim",
  "specialTokens",
  "maxBatchTokens",
  "priority",
];

/**
 * Options that came from other people's code, as they are; their values are checked where texts are encoded.
 *
 * @param where named in the error
 * @throws ConfigError for one of another name
 */
export function checkCallOptions(where: string, options: object): CallOptions {
  for (const name of Object.keys(options)) {
    if ((names as readonly string[]).includes(name)) continue;
    const nearest = nearestName(name, names);
    throw new ConfigError(
      `${where}: no such option. Got ${name}, expected ${nearest === undefined ? `one of ${names.join(", ")}` : `${nearest}, perhaps`}.`,
      { name },
    );
  }
  return options;
}
