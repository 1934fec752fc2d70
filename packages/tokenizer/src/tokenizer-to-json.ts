import { modelJson } from "./model-json.ts";
import { normalizerJson } from "./normalizer-json.ts";
import { postProcessorJson } from "./post-processor-json.ts";
import type { TokenizerDefinition } from "./tokenizer-definition.ts";

/**
 * The text of a tokenizer.json, as the Rust tokenizers read it: vocabulary in the order of ids, no padding, and no truncation but
 * the side that is cut, where that is the left one; so that lengths are the caller's business.
 */
export function tokenizerToJson(definition: TokenizerDefinition): string {
  const { normalizer, addedTokens } = definition;
  const { model, ...words } = modelJson(definition);
  const steps = normalizer.map(normalizerJson);
  const sections = {
    version: "1.0",
    truncation:
      definition.truncationSide === "right"
        ? null
        : { direction: "Left", max_length: longest, strategy: "LongestFirst", stride: 0 },
    padding: null,
    added_tokens: addedTokens.map(({ id, content, special, normalized, singleWord, stripLeft, stripRight }) => ({
      id,
      content,
      single_word: singleWord,
      lstrip: stripLeft,
      rstrip: stripRight,
      normalized,
      special,
    })),
    normalizer: steps.length > 1 ? { type: "Sequence", normalizers: steps } : (steps[0] ?? null),
    pre_tokenizer: words.pre_tokenizer,
    post_processor: postProcessorJson(definition),
    decoder: words.decoder,
  };
  return `${JSON.stringify(sections).slice(0, -1)},"model":${model}}`;
}

/** More tokens than any model reads: the limit is said elsewhere. */
const longest = 2 ** 20;
