import { ConfigError } from "@kindred/errors";
import type { PoolingConfig } from "./pooling-from-config.ts";
import { poolingModes } from "./pooling-mode.ts";
import { switchOf } from "./pooling-switches.ts";

/** The switches of 2021, which all readers know and some insist on. Later ones are written only where they are on. */
const firstModes = ["cls", "mean", "max", "mean_sqrt_len_tokens"] as const;

/**
 * The contents of `1_Pooling/config.json` in the old form, ready for `JSON.stringify`.
 *
 * The old form on purpose: sentence-transformers of every version reads it, and text-embeddings-inference needs its switches. Key
 * for key what the reference model's folder holds. What {@link poolingFromConfig} reads back is what was given.
 *
 * @throws ConfigError if the old form has no words for it: a mode twice, or an order other than that of {@link poolingModes}.
 *
 * @example
 * ```ts
 * import { poolingConfig } from "@kindred/pooling";
 *
 * const json = poolingConfig({ dimension: 768, modes: ["mean"] });
 * json["word_embedding_dimension"]; // => 768
 * json["pooling_mode_mean_tokens"]; // => true
 * json["pooling_mode_cls_token"]; // => false
 * ```
 */
export function poolingConfig(config: PoolingConfig): Record<string, number | boolean> {
  const { dimension, modes, includePrompt = true } = config;
  const inOrder = poolingModes.filter((mode) => modes.includes(mode));
  if (modes.length === 0 || modes.join() !== inOrder.join()) {
    throw new ConfigError(
      `poolingConfig: modes that the old form cannot say. Got [${modes.join(", ")}], expected one or more, each once, in the order ` +
        `${poolingModes.join(", ")}. Sort them: the order only permutes the features.`,
      { modes },
    );
  }
  const on = new Map(firstModes.map((mode) => [switchOf(mode), false]));
  for (const mode of modes) on.set(switchOf(mode), true);
  return {
    word_embedding_dimension: dimension,
    ...Object.fromEntries(on),
    ...(includePrompt ? {} : { include_prompt: false }),
  };
}
