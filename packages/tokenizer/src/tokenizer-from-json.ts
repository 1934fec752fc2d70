import { JsonField } from "@kindred/errors";
import type { AddedToken } from "./added-token.ts";
import type { NormalizerRules } from "./normalize-aligned.ts";
import { readPostProcessor } from "./read-post-processor.ts";
import { specialTokensBeside } from "./special-tokens-beside.ts";
import { Tokenizer } from "./tokenizer.ts";
import type { WordPieceRules } from "./word-piece.ts";

/**
 * The tokenizer that a tokenizer.json describes: BertNormalizer, BertPreTokenizer, WordPiece, and a post-processor that means
 * `<s> A </s>` (RobertaProcessing, BertProcessing or TemplateProcessing). `file` names it in errors; default `tokenizer.json`.
 *
 * Truncation and padding in the file are ignored: training leaves its own lengths behind there (128 in all-mpnet-base-v2's, though
 * the model takes 384). Lengths are the caller's business. So is the decoder: nothing here decodes.
 *
 * @throws FormatError, naming file and key, if the text is not JSON, or asks for anything that this pipeline does not do
 * @example
 * ```ts
 * import { tokenizerFromJson, tokenizerFromVocab } from "@kindred/tokenizer";
 *
 * const vocab = "<s>\n<pad>\n</s>\n<unk>\n[UNK]\nhello\nworld\n##s\n<mask>\n";
 * const tokenizer = tokenizerFromJson(tokenizerFromVocab(vocab).toJson());
 * tokenizer.encode("Hello <mask> worlds").ids; // => [0, 5, 8, 6, 7, 2]
 * ```
 */
export function tokenizerFromJson(text: string, { file = "tokenizer.json" }: { file?: string } = {}): Tokenizer {
  const sections = JsonField.parse(text, file).object(
    "version",
    "truncation",
    "padding",
    "added_tokens",
    "normalizer",
    "pre_tokenizer",
    "post_processor",
    "decoder",
    "model",
  );
  sections.version.oneOf("1.0");
  sections.pre_tokenizer.object("type").type.oneOf("BertPreTokenizer");
  const { vocabulary, wordPiece } = readModel(sections.model);
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const unknownField = sections.model.object(...modelKeys).unk_token;
  if (!ids.has(wordPiece.unknownToken)) unknownField.refuse("a token of model.vocab");
  const addedTokens = readAddedTokens(sections.added_tokens, ids);
  for (const { id, content } of addedTokens) ids.set(content, id);
  const { bos, eos, pairSeparators } = readPostProcessor(sections.post_processor, ids);
  return new Tokenizer({
    vocabulary,
    addedTokens,
    normalizer: readNormalizer(sections.normalizer),
    wordPiece,
    specialTokens: { bos, eos, ...specialTokensBeside(bos, ids, file) },
    pairSeparators,
  });
}

function readNormalizer(field: JsonField): NormalizerRules {
  const rules = field.object("type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
  rules.type.oneOf("BertNormalizer");
  const lowercase = rules.lowercase.boolean(true);
  return {
    cleanText: rules.clean_text.boolean(true),
    padChinese: rules.handle_chinese_chars.boolean(true),
    stripAccents: rules.strip_accents.boolean(lowercase),
    lowercase,
  };
}

const modelKeys = ["type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"] as const;

function readModel(field: JsonField): { vocabulary: string[]; wordPiece: WordPieceRules } {
  // The type is checked before the keys, so that a BPE file is refused for being one and not for its merges.
  const type = field.entries().get("type");
  if (type !== undefined) type.oneOf("WordPiece");
  const model = field.object(...modelKeys); // files from before tokenizers 0.9 have no type
  return {
    vocabulary: readVocabulary(model.vocab),
    wordPiece: {
      unknownToken: model.unk_token.text(),
      continuingPrefix: model.continuing_subword_prefix.text(),
      maxWordLength: model.max_input_chars_per_word.integer(1, 1000), // a word may cost its square
    },
  };
}

/** The tokens in the order of their ids, which must be all the numbers from 0 on: so memory is bounded by the file. */
function readVocabulary(field: JsonField): string[] {
  const entries = field.entries();
  if (entries.size === 0) field.refuse("at least one token");
  const vocabulary = new Array<string>(entries.size);
  const taken = new Uint8Array(entries.size);
  for (const [token, idField] of entries) {
    const id = idField.integer(0, entries.size - 1);
    if (taken[id] === 1) idField.refuse(`an id that no other token has (${JSON.stringify(vocabulary[id])} has it)`);
    taken[id] = 1;
    vocabulary[id] = new JsonField(token, field.file, `${field.path} key`).text();
  }
  return vocabulary;
}

function readAddedTokens(field: JsonField, ids: ReadonlyMap<string, number>): AddedToken[] {
  let next = ids.size;
  const seen = new Set<string>();
  return (field.isNull ? [] : field.array()).map((tokenField) => {
    const token = tokenField.object("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
    const content = token.content.text();
    if (seen.has(content)) token.content.refuse("a token that is listed once");
    seen.add(content);
    const expected = ids.get(content) ?? next++;
    token.single_word.oneOf(false, null, undefined);
    const id = token.id.integer(0, next);
    if (id !== expected) token.id.refuse(`${expected}, the id it has in model.vocab or the next one after it`);
    return {
      id,
      content,
      special: token.special.boolean(false),
      normalized: token.normalized.boolean(!token.special.boolean(false)),
      stripLeft: token.lstrip.boolean(false),
      stripRight: token.rstrip.boolean(false),
    };
  });
}
