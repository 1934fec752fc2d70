import type { JsonField } from "@kindred/errors";
import { readCharacterMap } from "./character-map.ts";
import { lowersOnly, type NormalizerRules } from "./normalize-aligned.ts";
import type { NormalizerStep } from "./normalizer-step.ts";
import { replaceableRuns } from "./replace-text.ts";

/**
 * One step of the `normalizer` of a tokenizer.json.
 *
 * @throws FormatError for a step that is not known here, by name
 */
export function readNormalizer(field: JsonField): NormalizerStep {
  const type = field
    .field("type")
    .oneOf("BertNormalizer", "Lowercase", "NFC", "Precompiled", "Replace", "Strip", "Prepend");
  if (type === "Precompiled")
    return {
      kind: "Precompiled",
      map: readCharacterMap(field.object("type", "precompiled_charsmap").precompiled_charsmap),
    };
  if (type === "Replace") return readReplace(field);
  if (type === "Strip") {
    const { strip_left, strip_right } = field.object("type", "strip_left", "strip_right");
    return { kind: "Strip", left: strip_left.boolean(), right: strip_right.boolean() };
  }
  if (type === "Prepend") return { kind: "Prepend", text: field.object("type", "prepend").prepend.text() };
  if (type === "NFC") {
    field.object("type");
    return { kind: "NFC" };
  }
  if (type === "Lowercase") {
    field.object("type");
    return { kind: "Bert", cleanText: false, padChinese: false, stripAccents: false, lowercase: true };
  }
  const rules = field.object("type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
  const lowercase = rules.lowercase.boolean(true);
  return {
    kind: "Bert",
    cleanText: rules.clean_text.boolean(true),
    padChinese: rules.handle_chinese_chars.boolean(true),
    stripAccents: rules.strip_accents.boolean(lowercase),
    lowercase,
  };
}

function readReplace(field: JsonField): NormalizerStep {
  const replace = field.object("type", "pattern", "content");
  const pattern = replace.pattern.object("String", "Regex");
  return {
    kind: "Replace",
    pattern: pattern.Regex.isNull ? { text: pattern.String.text() } : { run: pattern.Regex.oneOf(...replaceableRuns) },
    content: replace.content.value === "" ? "" : replace.content.text(),
  };
}

/** A step as a tokenizer.json spells it. */
export function normalizerJson(step: NormalizerStep): object {
  switch (step.kind) {
    case "NFC":
      return { type: "NFC" };
    case "Precompiled":
      return { type: "Precompiled", precompiled_charsmap: step.map.base64 };
    case "Replace":
      return {
        type: "Replace",
        pattern: "text" in step.pattern ? { String: step.pattern.text } : { Regex: step.pattern.run },
        content: step.content,
      };
    case "Strip":
      return { type: "Strip", strip_left: step.left, strip_right: step.right };
    case "Prepend":
      return { type: "Prepend", prepend: step.text };
    case "Bert":
      return bertJson(step);
  }
}

function bertJson(rules: NormalizerRules): object {
  if (lowersOnly(rules)) return { type: "Lowercase" };
  const { cleanText, padChinese, stripAccents, lowercase } = rules;
  return {
    type: "BertNormalizer",
    clean_text: cleanText,
    handle_chinese_chars: padChinese,
    strip_accents: stripAccents === lowercase ? null : stripAccents,
    lowercase,
  };
}
