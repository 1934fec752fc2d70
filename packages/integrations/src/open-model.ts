import { ConfigError } from "@kindred/errors";
import type { Embeddings, SentenceEncoder } from "@kindred/sentence-encoder";

/** The encoder of a model's name: an id, a folder, whatever the names are to mean. It is asked at every call, so let it open each model once. */
export type OpenModel = (model: string) => EncodesTexts | PromiseLike<EncodesTexts>;

/** What is needed of an encoder. */
export type EncodesTexts = Pick<SentenceEncoder, "encode">;

/** Rows as arrays of their own, which is what other people's interfaces take. */
export function listsOf({ embeddings, dimension }: Pick<Embeddings, "embeddings" | "dimension">): number[][] {
  const rows = embeddings.length / dimension;
  return Array.from({ length: rows }, (_, i) => Array.from(embeddings.subarray(i * dimension, (i + 1) * dimension)));
}

/** Throws an error of `encode`, in the words of what was asked: there it is `dimensions` that are too many. */
export function throwOfDimensions(error: unknown, where: string): never {
  const isOfThem = error instanceof ConfigError && error.details["truncateDim"] !== undefined;
  if (!isOfThem) throw error;
  const message = error.message.replace("encode: truncateDim does", `${where}: dimensions do`);
  throw new ConfigError(message, { dimensions: error.details["truncateDim"] }, { cause: error });
}
