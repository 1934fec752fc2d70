import { ConfigError } from "@kindred/errors";
import type { TrainConfig } from "./train-options.ts";

/**
 * How many tokens of each column's texts are read while training: `columnSeqLengths` as numbers, none where it says nothing.
 *
 * @throws ConfigError for one that is no whole number from 3 to `maxSeqLength`
 *
 * @example
 * ```ts
 * import { columnLengths, trainConfig } from "@kindred/trainer";
 *
 * columnLengths(trainConfig({ columnSeqLengths: "32,128", maxSeqLength: 128 })); // => [32, 128]
 * ```
 */
export function columnLengths(
  { columnSeqLengths, maxSeqLength = 512 }: Pick<TrainConfig, "columnSeqLengths" | "maxSeqLength">,
  where = "train",
): number[] {
  const lengths = columnSeqLengths === "" ? [] : columnSeqLengths.split(",").map(Number);
  const wrong = lengths.find((length) => !(Number.isInteger(length) && length >= 3 && length <= maxSeqLength));
  if (wrong === undefined) return lengths;
  throw new ConfigError(
    `${where}: columnSeqLengths is wrong. Got ${wrong}, expected whole numbers from 3 to maxSeqLength = ${maxSeqLength}.`,
    { key: "columnSeqLengths", value: wrong },
  );
}
