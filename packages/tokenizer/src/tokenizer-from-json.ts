import { JsonField } from "@kindred/errors";
import type { NormalizerRules } from "./normalize-aligned.ts";
import { Tokenizer } from "./tokenizer.ts";
import { type AddedToken, idsOf, type TokenizerDefinition } from "./tokenizer-definition.ts";
import type { WordPieceRules } from "./word-piece.ts";

/**
 * The tokenizer that a tokenizer.json describes by itself: BertNormalizer, Lowercase or a Sequence of them, BertPreTokenizer,
 * WordPiece, and a post-processor that means `<s> A </s>` (RobertaProcessing, BertProcessing or TemplateProcessing). `file` names it
 * in errors; default `tokenizer.json`.
 *
 * Lengths in the file are ignored: training leaves its own behind there (128 in all-mpnet-base-v2's, though the model takes 384), and
 * lengths are the caller's business. Which side is cut is obeyed. So is the decoder: nothing here decodes.
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
export function tokenizerFromJson(
  text: string | Uint8Array,
  { file = "tokenizer.json" }: { readonly file?: string } = {},
): Tokenizer {
  return new Tokenizer(definitionFromJson(JsonField.parse(text, file)));
}

/** What a parsed tokenizer.json describes by itself. */
export function definitionFromJson(json: JsonField): TokenizerDefinition {
  const sections = json.object(
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
  const [preTokenizer, ...others] = inSequence(sections.pre_tokenizer, "pretokenizers");
  preTokenizer?.object("type").type.oneOf("BertPreTokenizer");
  if (preTokenizer === undefined || others.length > 0) sections.pre_tokenizer.refuse("BertPreTokenizer");
  const { vocabulary, wordPiece } = wordPieceModel(sections.model);
  const added = addedTokensIn(sections.added_tokens);
  const addedTokens = numbered(added, vocabulary);
  const ids = idsOf(vocabulary, addedTokens);
  const frame = readPostProcessor(sections.post_processor, ids);
  return {
    vocabulary,
    addedTokens,
    normalizer: inSequence(sections.normalizer, "normalizers").map(readNormalizer),
    wordPiece,
    specialTokens: {
      bos: frame.bos,
      eos: frame.eos,
      ...specialTokensBeside(frame.bos, ids, json.field("model").field("vocab")),
    },
    pair: frame.pair,
    truncationSide: truncationSide(json),
    splitSpecialTokens: false,
  };
}

/** Which end is cut, by the file's `truncation`. */
export function truncationSide(json: JsonField): "left" | "right" {
  const truncation = json.field("truncation");
  if (truncation.isNull || truncation.field("direction").isNull) return "right";
  return truncation.field("direction").oneOf("Right", "Left") === "Left" ? "left" : "right";
}

/** The parts of a `Sequence`, however deep, or the section itself; none where it is null. */
function inSequence(field: JsonField, key: "normalizers" | "pretokenizers"): JsonField[] {
  if (field.isNull) return [];
  if (field.field("type").value !== "Sequence") return [field];
  const parts = field.object("type", key)[key];
  return parts.array().flatMap((part) => inSequence(part, key));
}

function readNormalizer(field: JsonField): NormalizerRules {
  const type = field.field("type").oneOf("BertNormalizer", "Lowercase");
  if (type === "Lowercase") {
    field.object("type");
    return { cleanText: false, padChinese: false, stripAccents: false, lowercase: true };
  }
  const rules = field.object("type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
  const lowercase = rules.lowercase.boolean(true);
  return {
    cleanText: rules.clean_text.boolean(true),
    padChinese: rules.handle_chinese_chars.boolean(true),
    stripAccents: rules.strip_accents.boolean(lowercase),
    lowercase,
  };
}

/**
 * The WordPiece model of a tokenizer.json.
 *
 * @throws FormatError for another kind of model, by name: Unigram and BPE have no words of pieces
 */
export function wordPieceModel(field: JsonField): { vocabulary: string[]; wordPiece: WordPieceRules } {
  // The type is checked before the keys, so that a BPE file is refused for being one and not for its merges.
  field.field("type").oneOf("WordPiece", undefined); // files from before tokenizers 0.9 have none
  const model = field.object("type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
  const vocabulary = readVocabulary(model.vocab);
  const text = (field: JsonField, byDefault: string) => (field.isNull ? byDefault : field.text());
  const unknownToken = text(model.unk_token, "[UNK]");
  if (!vocabulary.includes(unknownToken)) model.unk_token.refuse("a token of model.vocab");
  return {
    vocabulary,
    wordPiece: {
      unknownToken,
      continuingPrefix: text(model.continuing_subword_prefix, "##"),
      // a word may cost its square
      maxWordLength: model.max_input_chars_per_word.isNull ? 100 : model.max_input_chars_per_word.integer(1, 1000),
    },
  };
}

/**
 * The tokens in the order of their ids; an id that no token has is an empty entry. There are at most as many of these as tokens, so
 * that memory is bounded by the file.
 */
function readVocabulary(field: JsonField): string[] {
  const entries = field.entries();
  if (entries.size === 0) field.refuse("at least one token");
  const vocabulary: string[] = new Array<string>(2 * entries.size).fill("");
  let length = 0;
  for (const [token, idField] of entries) {
    const id = idField.integer(0, vocabulary.length - 1);
    if (vocabulary[id] !== "")
      idField.refuse(`an id that no other token has (${JSON.stringify(vocabulary[id])} has it)`);
    vocabulary[id] = new JsonField(token, field.file, `${field.path} key`).text();
    length = Math.max(length, id + 1);
  }
  vocabulary.length = length;
  return vocabulary;
}

/** A token with the id that its file gives it, if it gives one, and the place that says so. */
export type ListedToken = Omit<AddedToken, "id"> & { readonly id?: JsonField };

/** The `added_tokens` of a tokenizer.json. */
export function addedTokensIn(field: JsonField): ListedToken[] {
  return (field.isNull ? [] : field.array()).map((token) => ({ ...listedToken(token), id: token.field("id") }));
}

/** A token spelled as an object with its flags, as all files spell it. */
export function listedToken(field: JsonField, { special }: { readonly special?: true } = {}): Omit<AddedToken, "id"> {
  const token = field.object("__type", "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
  const isSpecial = special ?? token.special.boolean(false);
  return {
    content: token.content.text(),
    special: isSpecial,
    normalized: token.normalized.boolean(!isSpecial),
    singleWord: token.single_word.boolean(false),
    stripLeft: token.lstrip.boolean(false),
    stripRight: token.rstrip.boolean(false),
  };
}

/**
 * Tokens with the ids that the Rust tokenizers give them: the one in the vocabulary, else the next one after it. Of two that are
 * spelled alike the later one's flags count.
 *
 * @throws FormatError where a file says another id
 */
export function numbered(tokens: readonly ListedToken[], vocabulary: readonly string[]): AddedToken[] {
  const ids = idsOf(vocabulary, []);
  let next = vocabulary.length;
  const added = new Map<string, AddedToken>();
  for (const { id: said, ...token } of tokens) {
    const id = ids.get(token.content) ?? added.get(token.content)?.id ?? next++;
    if (said !== undefined && said.integer(0, id) !== id)
      said.refuse(`${id}, the id it has in the vocabulary or the next one after it`);
    added.set(token.content, { id, ...token });
  }
  return [...added.values()];
}

/**
 * The padding and mask tokens of the family that a `bos` belongs to, of those that the vocabulary has: `<pad>` and `<mask>` beside
 * `<s>`, else `[PAD]` and `[MASK]`. MPNet's vocabulary has both families, and a tokenizer.json names neither.
 *
 * @param vocabulary the place that a refusal names
 * @throws FormatError if the vocabulary has no padding
 */
export function specialTokensBeside(
  bos: string,
  ids: ReadonlyMap<string, number>,
  vocabulary: Pick<JsonField, "refuse">,
): { pad: string; mask?: string } {
  const find = (...order: readonly string[]) =>
    (bos.startsWith("<") ? order : order.toReversed()).find((token) => ids.has(token));
  const mask = find("<mask>", "[MASK]");
  const pad = find("<pad>", "[PAD]") ?? vocabulary.refuse("<pad> or [PAD] among them");
  return mask === undefined ? { pad } : { pad, mask };
}

/** What a post-processor puts around one text and between two. */
type TextFrame = { readonly bos: string; readonly eos: string; readonly pair: TokenizerDefinition["pair"] };

const forms = "RobertaProcessing, BertProcessing, or TemplateProcessing";

/**
 * The frame that the `post_processor` of a tokenizer.json means.
 *
 * Offsets never include the whitespace around an added token, whatever `trim_offsets` and `add_prefix_space` say.
 *
 * @throws FormatError if it means anything but `bos A eos` for one text, of type 0, and `bos A eos [eos] B eos` for two
 */
function readPostProcessor(field: JsonField, ids: ReadonlyMap<string, number>): TextFrame {
  if (field.isNull) return field.refuse(forms);
  const type = field.field("type");
  if (type.value === "TemplateProcessing") return readTemplate(field, ids);
  if (type.value !== "RobertaProcessing" && type.value !== "BertProcessing") return type.refuse(forms);
  const { sep, cls } = field.object("type", "sep", "cls", "trim_offsets", "add_prefix_space");
  const isRoberta = type.value === "RobertaProcessing";
  return {
    bos: readTokenWithId(cls, ids),
    eos: readTokenWithId(sep, ids),
    pair: isRoberta ? { separators: 2, types: [0, 0, 0, 0, 0, 0] } : { separators: 1, types: [0, 0, 0, 1, 1] },
  };
}

/** `["<s>", 0]` */
function readTokenWithId(field: JsonField, ids: ReadonlyMap<string, number>): string {
  const [token, id, ...rest] = field.array();
  if (token === undefined || id === undefined || rest.length > 0) return field.refuse("[token, id]");
  return ids.get(token.text()) === id.value ? token.text() : field.refuse("a token of the vocabulary and its id");
}

function readTemplate(field: JsonField, ids: ReadonlyMap<string, number>): TextFrame {
  const template = field.object("type", "single", "pair", "special_tokens");
  const [bos, a, eos, ...rest] = template.single.array().map(readTemplatePart);
  if (bos?.kind !== "token" || a?.name !== "A" || eos?.kind !== "token" || rest.length > 0)
    return template.single.refuse("a special token, the sequence A, a special token");
  for (const { type } of [bos, a, eos]) type.oneOf(0);
  const pair = template.pair.array().map(readTemplatePart);
  const spelled = pair.map(({ kind, name }) => (kind === "token" ? name : `$${name}`)).join(" ");
  const start = `${bos.name} $A ${eos.name}`;
  const isDouble = spelled === `${start} ${eos.name} $B ${eos.name}`;
  if (!isDouble && spelled !== `${start} $B ${eos.name}`)
    return template.pair.refuse(`${start} [${eos.name}] $B ${eos.name}`);
  const specials = template.special_tokens.entries();
  for (const token of [bos.name, eos.name]) {
    const special = specials.get(token) ?? template.special_tokens.refuse(`an entry for ${token}`);
    const listed = special.object("id", "ids", "tokens").ids;
    const [id, ...others] = listed.array();
    if (others.length > 0 || id?.value !== ids.get(token))
      listed.refuse(`[${ids.get(token)}], the id of ${token} in the vocabulary`);
  }
  return {
    bos: bos.name,
    eos: eos.name,
    pair: { separators: isDouble ? 2 : 1, types: pair.map(({ type }) => type.integer(0, 1)) },
  };
}

/** `{"SpecialToken":{"id":"<s>","type_id":0}}` or `{"Sequence":{"id":"A","type_id":0}}` */
function readTemplatePart(field: JsonField) {
  const part = field.object("SpecialToken", "Sequence");
  const kind = part.Sequence.isNull ? "token" : "sequence";
  const { id, type_id } = (kind === "token" ? part.SpecialToken : part.Sequence).object("id", "type_id");
  return { kind, name: kind === "token" ? id.text() : id.oneOf("A", "B"), type: type_id } as const;
}
