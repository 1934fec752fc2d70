import { JsonField } from "@kindred/errors";
import { addedTokensIn, numbered } from "./added-tokens-json.ts";
import { readModel } from "./model-json.ts";
import { readNormalizer } from "./normalizer-json.ts";
import { partsOfSequence } from "./parts-of-sequence.ts";
import { readPostProcessor } from "./post-processor-json.ts";
import { Tokenizer } from "./tokenizer.ts";
import { idsOf, type SpecialTokens, type TokenizerDefinition } from "./tokenizer-definition.ts";

/**
 * The tokenizer that a tokenizer.json describes by itself: BertNormalizer, Lowercase, NFC, Precompiled, Replace, Strip, Prepend or a Sequence of
 * them; BertPreTokenizer and WordPiece, ByteLevel and BPE, or WhitespaceSplit, Metaspace and Unigram; and a post-processor that means
 * `<s> A </s>` (RobertaProcessing, BertProcessing or TemplateProcessing, ByteLevel before it or not).
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
  { file = "tokenizer.json", bare }: FromJsonOptions = {},
): Tokenizer {
  return new Tokenizer(definitionFromJson(JsonField.parse(text, file), bare));
}

/** Options of {@link tokenizerFromJson}. */
export type FromJsonOptions = {
  /** What errors call the file. Default: `tokenizer.json`. */
  readonly file?: string;
  /** That a text is its pieces alone, whatever the `post_processor` says: {@link TokenizerDefinition} says what that is for. Default: not so. */
  readonly bare?: TokenizerDefinition["bare"];
};

/** What a parsed tokenizer.json describes by itself. */
export function definitionFromJson(json: JsonField, bare?: TokenizerDefinition["bare"]): TokenizerDefinition {
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
  const { vocabulary, model } = readModel(sections.model, sections.pre_tokenizer);
  const addedTokens = numbered(addedTokensIn(sections.added_tokens), vocabulary);
  const ids = idsOf(vocabulary, addedTokens);
  const common = {
    vocabulary,
    addedTokens,
    normalizer: partsOfSequence(sections.normalizer, "normalizers").map(readNormalizer),
    model,
    truncationSide: truncationSide(json),
    splitSpecialTokens: false,
  };
  if (bare !== undefined) {
    // No text has a role's token around it: the unknown one names them all.
    const any = model.unknownToken ?? vocabulary.find((token) => token !== "") ?? sections.model.refuse("a token");
    const specialTokens = { bos: any, eos: any, pad: ["[PAD]", "<pad>"].find((token) => ids.has(token)) ?? any };
    return { ...common, trimOffsets: true, specialTokens, pair: { separators: 1, types: [0, 0, 0, 0, 0] }, bare };
  }
  const { bos, eos, pair, trimOffsets } = readPostProcessor(sections.post_processor, ids);
  const { unknown, ...beside } = specialTokensBeside(bos, ids, sections.model.field("vocab"));
  return {
    ...common,
    trimOffsets: model.kind !== "BPE" || trimOffsets,
    specialTokens: {
      ...{ bos, eos, ...beside },
      ...(model.unknownToken === undefined && unknown !== undefined ? { unknown } : {}),
    },
    pair,
  };
}

/** Which end is cut, by the file's `truncation`. */
export function truncationSide(json: JsonField): "left" | "right" {
  const truncation = json.field("truncation");
  if (truncation.isNull || truncation.field("direction").isNull) return "right";
  return truncation.field("direction").oneOf("Right", "Left") === "Left" ? "left" : "right";
}

/**
 * The padding, mask and unknown tokens of the family that a `bos` belongs to, of those that the vocabulary has: `<pad>`, `<mask>` and
 * `<unk>` beside `<s>`, else `[PAD]`, `[MASK]` and `[UNK]`. MPNet's vocabulary has both families, and a tokenizer.json names neither.
 *
 * @param vocabulary the place that a refusal names
 * @throws FormatError if the vocabulary has no padding
 */
export function specialTokensBeside(
  bos: string,
  ids: ReadonlyMap<string, number>,
  vocabulary: Pick<JsonField, "refuse">,
): Pick<SpecialTokens, "pad" | "mask" | "unknown"> {
  const find = (...order: readonly string[]) =>
    (bos.startsWith("<") ? order : order.toReversed()).find((token) => ids.has(token));
  const mask = find("<mask>", "[MASK]");
  const unknown = find("<unk>", "[UNK]");
  const pad = find("<pad>", "[PAD]") ?? vocabulary.refuse("<pad> or [PAD] among them");
  return { pad, ...(mask === undefined ? {} : { mask }), ...(unknown === undefined ? {} : { unknown }) };
}
