import { JsonField } from "@kindred/errors";
import { type BytePairRules, mostMerges } from "./byte-pair.ts";
import { partsOfSequence } from "./parts-of-sequence.ts";
import { type ModelJson, readVocabulary, vocabularyJson } from "./vocabulary-json.ts";

/** What a BPE model says of itself. */
type BytePairModel = Omit<BytePairRules, "prefixSpace" | "splitsWords">;

/**
 * The BPE model of a tokenizer.json, with merges in either form: `"a b"`, or `["a", "b"]`.
 *
 * @throws FormatError for another model, and for anything that is not obeyed, by name
 */
export function readBytePair(field: JsonField): { readonly vocabulary: string[]; readonly rules: BytePairModel } {
  // The type is checked before the keys, so that another model's file is refused for being one and not for its keys.
  field.field("type").oneOf("BPE");
  const model = field.object(
    ...(["type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"] as const),
    ...(["fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"] as const),
  );
  for (const affix of [model.continuing_subword_prefix, model.end_of_word_suffix]) affix.oneOf(null, "", undefined);
  model.dropout.oneOf(null, 0, undefined); // with it, one text has other pieces each time
  model.byte_fallback.oneOf(false, null, undefined);
  const vocabulary = readVocabulary(model.vocab);
  const unknownToken = model.unk_token.isNull ? undefined : model.unk_token.text();
  if (unknownToken !== undefined && !vocabulary.includes(unknownToken))
    model.unk_token.refuse("a token of model.vocab");
  return {
    vocabulary,
    rules: {
      merges: readMerges(mergesIn(model.merges), vocabulary),
      ignoresMerges: model.ignore_merges.boolean(false),
      fusesUnknown: model.fuse_unk.boolean(false),
      ...(unknownToken === undefined ? {} : { unknownToken }),
    },
  };
}

function mergesIn(field: JsonField): JsonField[] {
  const merges = field.array();
  return merges.length < mostMerges ? merges : field.refuse(`fewer than ${mostMerges} merges`);
}

/** The merges of a merges.txt, one a line; what begins with `#version` is none. */
export function mergeLines(text: string, file: string): JsonField[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const merges = lines.map((line, i) => new JsonField(line, file, `line ${i + 1}`));
  return merges.filter((_, i) => !lines[i]?.startsWith("#version"));
}

/** Merges as a merges.txt. */
export function mergesText(merges: BytePairRules["merges"]): string {
  return ["#version: 0.2", ...merges.map((pair) => pair.join(" "))].map((line) => `${line}\n`).join("");
}

/**
 * Merges, each as `"a b"` or `["a", "b"]`.
 *
 * @throws FormatError for one whose parts, or what these spell together, are not in the vocabulary
 */
export function readMerges(merges: readonly JsonField[], vocabulary: readonly string[]): BytePairRules["merges"] {
  const entries = new Set(vocabulary);
  entries.delete("");
  return merges.map((merge) => {
    const parts = typeof merge.value === "string" ? merge.value.split(" ") : merge.array().map((part) => part.value);
    const [left, right, ...others] = parts;
    const isToken = (part: unknown): part is string => typeof part === "string" && !part.includes(" "); // no byte's letter is a space
    if (!isToken(left) || !isToken(right) || others.length > 0) return merge.refuse("two tokens without spaces");
    if (![left, right, left + right].every((token) => entries.has(token)))
      merge.refuse("tokens of the vocabulary that are one together");
    return [left, right];
  });
}

/** How a `pre_tokenizer` cuts a text for BPE: ByteLevel, whose letters stand for bytes. */
export function readByteLevel(field: JsonField): Pick<BytePairRules, "prefixSpace" | "splitsWords"> {
  const [byteLevel, ...others] = partsOfSequence(field, "pretokenizers");
  byteLevel?.field("type").oneOf("ByteLevel");
  if (byteLevel === undefined || others.length > 0) return field.refuse("ByteLevel");
  const rules = byteLevel.object("type", "add_prefix_space", "trim_offsets", "use_regex");
  return { prefixSpace: rules.add_prefix_space.boolean(), splitsWords: rules.use_regex.boolean(true) };
}

/** The sections of a tokenizer.json that say this model, its merges as `"a b"`, which every version reads. */
export function bytePairJson(vocabulary: readonly string[], rules: BytePairRules): ModelJson {
  const { merges, prefixSpace, splitsWords, ignoresMerges, unknownToken, fusesUnknown } = rules;
  const byteLevel = { type: "ByteLevel", add_prefix_space: prefixSpace, trim_offsets: true, use_regex: splitsWords };
  const model = {
    type: "BPE",
    ...{ dropout: null, unk_token: unknownToken ?? null, continuing_subword_prefix: null, end_of_word_suffix: null },
    ...{ fuse_unk: fusesUnknown, byte_fallback: false, ignore_merges: ignoresMerges },
  };
  const written = JSON.stringify(merges.map((pair) => pair.join(" ")));
  return {
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
    model: `${JSON.stringify(model).slice(0, -1)},"vocab":${vocabularyJson(vocabulary)},"merges":${written}}`,
  };
}
