import { ConfigError } from "@kindred/errors";
import type { ModelSettings } from "@kindred/sentence-encoder";

/**
 * Makes sure that a model can read as many tokens as `--max-length` says.
 *
 * @throws ConfigError, naming the flag, otherwise.
 */
export function checkMaxLength(maxLength: number, { config }: Pick<ModelSettings, "config">): void {
  const limit = config.maxPositionEmbeddings - config.padTokenId - 1; // positions count from the padding's + 1
  if (maxLength <= limit) return;
  throw new ConfigError(
    `--max-length: more than the model can read. Got ${maxLength}, expected a whole number from 2 to its ${limit} tokens.`,
    { maxLength, limit },
  );
}
