import type { JsonField } from "@kindred/errors";
import { lowersOnly, type NormalizerStep } from "./normalize-aligned.ts";

/**
 * One step of the `normalizer` of a tokenizer.json.
 *
 * @throws FormatError for a step that is not known here, by name
 */
export function readNormalizer(field: JsonField): NormalizerStep {
  const type = field.field("type").oneOf("BertNormalizer", "Lowercase");
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

/** A step as a tokenizer.json spells it. */
export function normalizerJson(rules: NormalizerStep): object {
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
