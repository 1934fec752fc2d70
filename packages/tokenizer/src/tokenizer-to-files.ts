import { mergesText } from "./byte-pair-json.ts";
import { lowersOnly } from "./normalize-aligned.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { classes, classNames, specialTokenKeys } from "./tokenizer-classes.ts";
import { type TokenizerDefinition, unknownTokenOf } from "./tokenizer-definition.ts";
import type { TokenizerFiles } from "./tokenizer-from-files.ts";
import { vocabularyJson } from "./vocabulary-json.ts";

/** What of a model stands in its tokenizer's files. */
export type TokenizerToFilesOptions = {
  /** The model's `model_type`, which has a class of its own. Default: none, and then tokenizer.json says everything. */
  readonly modelType?: unknown;
  /** The most tokens of a text, special ones included. Default: not said. */
  readonly maxLength?: number | undefined;
  /** Whether lower-casing comes from outside, so that the files leave it out. Default: false. */
  readonly lowercase?: boolean;
};

/**
 * The files of a tokenizer, as transformers of every version reads them: tokenizer.json, vocab.txt (of BPE vocab.json and merges.txt, of Unigram none),
 * tokenizer_config.json, special_tokens_map.json, and added_tokens.json where there are tokens beyond the vocabulary.
 *
 * The class is the one of the model's type where that makes the same of the files, else `PreTrainedTokenizerFast`.
 *
 * @example
 * ```ts
 * import { tokenizerFromFiles, tokenizerFromVocab, tokenizerToFiles } from "@kindred/tokenizer";
 *
 * const tokenizer = tokenizerFromVocab("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n");
 * const files = tokenizerToFiles(tokenizer, { modelType: "bert" });
 * JSON.parse(new TextDecoder().decode(files["tokenizer_config.json"])).tokenizer_class; // => "BertTokenizer"
 * tokenizerFromFiles(files).encode("Hello").ids; // => [2, 5, 3]
 * ```
 */
export function tokenizerToFiles(
  tokenizer: Tokenizer,
  { modelType, maxLength, lowercase = false }: TokenizerToFilesOptions = {},
): TokenizerFiles {
  const { definition } = tokenizer;
  const { normalizer, vocabulary, addedTokens, model } = definition;
  const [first, ...rest] = normalizer;
  // BERT's normalizer lower-cases itself, so that a step before it can only come from outside.
  const isLoweredOutside =
    lowercase && first?.kind === "Bert" && lowersOnly(first) && (rest.length > 0 || model.kind !== "WordPiece");
  const ofType =
    typeof modelType === "string" && Object.hasOwn(classNames, modelType) ? classNames[modelType] : undefined;
  const settings =
    ofType === undefined || ofType === "tokenizer.json"
      ? undefined
      : classSettings(ofType, { ...definition, normalizer: isLoweredOutside ? rest : normalizer });
  const className = settings === undefined || ofType === "tokenizer.json" ? undefined : ofType;
  const keys = className === undefined ? specialTokenKeys : Object.keys(classes[className].tokens);
  const tokens = namedTokens(definition, keys);
  const beyond = addedTokens.filter(({ id }) => id >= vocabulary.length);
  return {
    "tokenizer.json": bytes(tokenizer.toJson()),
    ...vocabularyFiles(tokenizer),
    "special_tokens_map.json": json(tokens),
    "tokenizer_config.json": json({
      // A role without a token is said to have none, or its class would take its own.
      ...Object.fromEntries(
        keys.map((key) => {
          const token = tokens[key] ?? null;
          return [key, typeof token === "object" ? (token?.content ?? null) : token];
        }),
      ),
      ...settings,
      ...(maxLength === undefined ? {} : { model_max_length: maxLength }),
      ...(definition.truncationSide === "left" ? { truncation_side: "left" } : {}),
      ...(definition.splitSpecialTokens ? { split_special_tokens: true } : {}),
      tokenizer_class: className ?? "PreTrainedTokenizerFast",
    }),
    ...(beyond.length === 0
      ? {}
      : { "added_tokens.json": json(Object.fromEntries(beyond.map(({ content, id }) => [content, id]))) }),
  };
}

/** The files of the vocabulary by itself, as transformers read them before there was tokenizer.json. */
function vocabularyFiles(tokenizer: Tokenizer): TokenizerFiles {
  const { model, vocabulary } = tokenizer.definition;
  if (model.kind === "WordPiece") return { "vocab.txt": bytes(tokenizer.toVocab()) };
  if (model.kind === "Unigram") return {}; // whose other form is a sentencepiece model
  return { "vocab.json": bytes(vocabularyJson(vocabulary)), "merges.txt": bytes(mergesText(model.merges)) };
}

/** What a class is told in tokenizer_config.json to cut and frame texts as a definition says; undefined if it never does. */
function classSettings(className: keyof typeof classes, definition: TokenizerDefinition): object | undefined {
  const { model, normalizer, pair, trimOffsets } = definition;
  const [rules, ...others] = normalizer;
  if (pair.types.join() !== classes[className].pair.types.join() || model.kind !== classes[className].model) return;
  if (model.kind === "BPE") {
    const isOwn = model.splitsWords && !model.ignoresMerges && model.unknownToken === undefined;
    if (rules !== undefined || !isOwn) return;
    return { add_prefix_space: model.prefixSpace, trim_offsets: trimOffsets };
  }
  if (model.kind === "Unigram") {
    const { splitsWhitespace, metaspace, byteFallback } = model;
    const isOwn = splitsWhitespace && !byteFallback && metaspace?.replacement === "▁" && metaspace.split;
    const isMapped = others.length === 0 && (rules === undefined || rules.kind === "Precompiled");
    if (!isOwn || !isMapped || metaspace.prepend === "first") return;
    return { add_prefix_space: metaspace.prepend === "always" };
  }
  const isCut = model.continuingPrefix === "##" && model.maxWordLength === 100;
  if (!isCut || others.length > 0 || rules?.kind !== "Bert" || !rules.cleanText) return;
  return {
    do_lower_case: rules.lowercase,
    tokenize_chinese_chars: rules.padChinese,
    strip_accents: rules.stripAccents === rules.lowercase ? null : rules.stripAccents,
  };
}

/** The special tokens by the names that files have for their roles; with flags where they have any. */
function namedTokens(
  definition: TokenizerDefinition,
  keys: readonly string[],
): { readonly [key: string]: string | { readonly content: string } } {
  const { specialTokens, addedTokens } = definition;
  const { bos, eos, pad, mask } = specialTokens;
  const byRole: { readonly [key: string]: string | undefined } = {
    ...{ bos_token: bos, eos_token: eos, unk_token: unknownTokenOf(definition), sep_token: eos },
    ...{ pad_token: pad, cls_token: bos, mask_token: mask },
  };
  const spelled = (content: string) => {
    const token = addedTokens.find((added) => added.content === content);
    if (token === undefined || !(token.stripLeft || token.stripRight || token.singleWord)) return content;
    const { singleWord, stripLeft, stripRight, normalized } = token;
    return { content, single_word: singleWord, lstrip: stripLeft, rstrip: stripRight, normalized };
  };
  return Object.fromEntries(
    keys.flatMap((key) => {
      const content = byRole[key];
      return content === undefined ? [] : [[key, spelled(content)]];
    }),
  );
}

function json(value: unknown): Uint8Array {
  return bytes(`${JSON.stringify(value, null, 2)}\n`);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
