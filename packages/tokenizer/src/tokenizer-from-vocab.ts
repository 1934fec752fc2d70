import { FormatError } from "@kindred/errors";
import { codePointTraits, Trait } from "./code-point-traits.ts";
import { Tokenizer } from "./tokenizer.ts";
import { type AddedToken, idsOf, type TokenizerDefinition } from "./tokenizer-definition.ts";
import { specialTokensBeside } from "./tokenizer-from-json.ts";

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
 * The tokenizer of a vocab.txt: one token a line, ids from 0. Lines end at a line feed; whitespace at the end of a line is no part of
 * its token. Of two lines that are alike the later one counts, as in the Rust tokenizers: the id of the other has no token, and
 * neither has that of an empty line.
 *
 * With `<s>` and `</s>` in the vocabulary it is MPNet's pipeline, else BERT's with `[CLS]` and `[SEP]`. The special tokens that the
 * vocabulary has are looked for in the text, `<mask>` with the whitespace before it, `<unk>` in any case. Unknown words are `[UNK]`
 * even beside `<unk>`, as MPNet was trained.
 *
 * @throws FormatError if a line holds a lone surrogate, or if a special token is missing
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
  return new Tokenizer(definitionFromVocab(text, options));
}

/** What the vocab.txt of a model of MPNet's or BERT's says by itself. */
export function definitionFromVocab(text: string, options: VocabOptions = {}): TokenizerDefinition {
  const { file = "vocab.txt", lowercase = true, stripAccents = lowercase, padChinese = true } = options;
  const vocabulary = vocabularyIn(text, file);
  const ids = idsOf(vocabulary, []);
  const isMpnet = ids.has("<s>") && ids.has("</s>");
  const [bos, eos] = isMpnet ? ["<s>", "</s>"] : ["[CLS]", "[SEP]"];
  const unknownToken = ids.has("[UNK]") || !ids.has("<unk>") ? "[UNK]" : "<unk>";
  const refuse = (expected: string): never => {
    throw new FormatError(
      { file },
      `not the vocabulary of a model. Got ${ids.size} tokens, expected ${expected}. Is this a WordPiece vocabulary?`,
    );
  };
  const missing = [bos, eos, unknownToken].find((token) => !ids.has(token));
  if (missing !== undefined)
    refuse(`${missing} among them: <s>, </s> and [UNK] (MPNet) or [CLS], [SEP] and [UNK] (BERT)`);
  const { unknown: _, ...beside } = specialTokensBeside(bos, ids, { refuse });
  return {
    vocabulary,
    addedTokens: addedTokens(isMpnet, ids),
    normalizer: [{ kind: "Bert", cleanText: true, padChinese, stripAccents, lowercase }],
    model: { kind: "WordPiece", unknownToken, continuingPrefix: "##", maxWordLength: 100 },
    trimOffsets: true,
    specialTokens: { bos, eos, ...beside },
    pair: isMpnet ? { separators: 2, types: [0, 0, 0, 0, 0, 0] } : { separators: 1, types: [0, 0, 0, 1, 1] },
    truncationSide: "right",
    splitSpecialTokens: false,
  };
}

/** The tokens of a vocab.txt by their ids. */
export function vocabularyIn(text: string, file: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const vocabulary: string[] = [];
  const ids = new Map<string, number>();
  for (const [id, line] of lines.entries()) {
    const token = withoutSpaceAtEnd(line);
    if (/\p{Cs}/u.test(token))
      throw new FormatError({ file }, `line ${id + 1} holds a lone surrogate, expected well-formed Unicode.`, {
        line: id + 1,
      });
    const earlier = ids.get(token);
    if (earlier !== undefined) vocabulary[earlier] = "";
    if (token !== "") ids.set(token, id);
    vocabulary.push(token);
  }
  return vocabulary;
}

function withoutSpaceAtEnd(line: string): string {
  let end = line.length;
  while (end > 0 && ((codePointTraits()[line.charCodeAt(end - 1)] ?? 0) & Trait.whitespace) !== 0) end--;
  return line.slice(0, end);
}

function addedTokens(isMpnet: boolean, ids: ReadonlyMap<string, number>): AddedToken[] {
  const names = isMpnet
    ? ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"]
    : ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  const added = names.flatMap((content) => {
    const id = ids.get(content);
    if (id === undefined) return [];
    const normalized = content === "<unk>";
    return [
      { id, content, special: true, normalized, singleWord: false, stripLeft: content === "<mask>", stripRight: false },
    ];
  });
  return added.sort((a, b) => a.id - b.id);
}
