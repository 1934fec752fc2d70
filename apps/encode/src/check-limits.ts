import { ConfigError } from "@kindred/errors";
import { sentenceDimension } from "@kindred/pooling";
import type { SentenceModel } from "@kindred/sentence-encoder";

/**
 * Refuses numbers of a command line that the model has not, by the command's own flags.
 *
 * @throws ConfigError for more tokens than the model can read, or more numbers than its vectors have
 */
export function checkLimits(
  {
    maxLength = 2,
    truncateDim = 1,
  }: { readonly maxLength?: number | undefined; readonly truncateDim?: number | undefined },
  { encoder, modules }: Pick<SentenceModel, "encoder" | "modules">,
): void {
  const [limit, dimension] = [encoder.sizes.longest, sentenceDimension(modules)];
  if (maxLength > limit)
    throw new ConfigError(
      `--max-length: more than the model can read. Got ${maxLength}, expected a whole number from 2 to its ${limit} tokens.`,
      { maxLength, limit },
    );
  if (truncateDim > dimension)
    throw new ConfigError(
      `--truncate-dim: more than a vector of the model has. Got ${truncateDim}, expected a whole number from 1 to its ${dimension} numbers.`,
      { truncateDim, dimension },
    );
}
