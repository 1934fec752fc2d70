import { FormatError } from "@kindred/errors";
import type { AddedToken } from "./added-token.ts";
import { specialTokensBeside } from "./special-tokens-beside.ts";
import { Tokenizer } from "./tokenizer.ts";

/** What a vocab.txt does not say. */
export type VocabOptions = {
  /** The file's name in errors. Default `vocab.txt`. */
  readonly file?: string;
  /** Default true; false for BERT's cased models. */
  readonly lowercase?: boolean;
  /** Default: the same as `lowercase`. */
  readonly stripAccents?: boolean;
  /** Put spaces around Chinese characters. Default true. */
  readonly padChinese?: boolean;
};

/**
 * The tokenizer of a vocab.txt: one token a line, ids from 0. Lines end at a line feed, with or without a carriage return before it.
 *
 * With `<s>` and `</s>` in the vocabulary it is MPNet's pipeline, else BERT's with `[CLS]` and `[SEP]`. The special tokens that the
 * vocabulary has are looked for in the text, `<mask>` with the whitespace before it, `<unk>` in any case. Unknown words are `[UNK]`
 * even beside `<unk>`, as MPNet was trained.
 *
 * @throws FormatError if a line is empty, stands twice, or holds a lone surrogate, or if a special token is missing
 * @see MPNetConverter and BertConverter in huggingface/transformers
 * @example
 * ```ts
 * import { tokenizerFromVocab } from "@kindred/tokenizer";
 *
 * const tokenizer = tokenizerFromVocab("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n##s\n");
 * tokenizer.encode("Hello, worlds").ids; // => [2, 5, 1, 6, 7, 3]
 * ```
 */
export function tokenizerFromVocab(text: string, options: VocabOptions = {}): Tokenizer {
  const { file = "vocab.txt", lowercase = true, stripAccents = lowercase, padChinese = true } = options;
  const vocabulary = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const ids = new Map<string, number>();
  for (const [id, token] of vocabulary.entries()) {
    const problem = problemWith(token, ids);
    if (problem !== undefined) {
      throw new FormatError({ file }, `tokenizerFromVocab: line ${id + 1} ${problem}.`, { line: id + 1, token });
    }
    ids.set(token, id);
  }
  const isMpnet = ids.has("<s>") && ids.has("</s>");
  const [bos, eos] = isMpnet ? ["<s>", "</s>"] : ["[CLS]", "[SEP]"];
  const unknownToken = ids.has("[UNK]") || !ids.has("<unk>") ? "[UNK]" : "<unk>";
  const missing = [bos, eos, unknownToken].find((token) => !ids.has(token));
  if (missing !== undefined) {
    throw new FormatError(
      { file },
      `tokenizerFromVocab: no ${missing} in the vocabulary. Got ${ids.size} tokens, expected <s>, </s> and [UNK] (MPNet) or [CLS], [SEP] and [UNK] (BERT). Is this a WordPiece vocabulary?`,
    );
  }
  return new Tokenizer({
    vocabulary,
    addedTokens: addedTokens(isMpnet, ids),
    normalizer: { cleanText: true, padChinese, stripAccents, lowercase },
    wordPiece: { unknownToken, continuingPrefix: "##", maxWordLength: 100 },
    specialTokens: { bos, eos, ...specialTokensBeside(bos, ids, file) },
    pairSeparators: isMpnet ? 2 : 1,
  });
}

function problemWith(token: string, ids: ReadonlyMap<string, number>): string | undefined {
  if (token === "") return "is empty, expected a token";
  if (ids.has(token))
    return `repeats line ${ids.get(token)! + 1}. Got ${JSON.stringify(token)}, expected distinct tokens`;
  return /\p{Cs}/u.test(token) ? "holds a lone surrogate, expected well-formed Unicode" : undefined;
}

function addedTokens(isMpnet: boolean, ids: ReadonlyMap<string, number>): AddedToken[] {
  const names = isMpnet
    ? ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"]
    : ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  return names
    .filter((content) => ids.has(content))
    .map((content) => ({
      id: ids.get(content)!,
      content,
      special: true,
      normalized: content === "<unk>",
      stripLeft: content === "<mask>",
      stripRight: false,
    }))
    .sort((a, b) => a.id - b.id);
}
