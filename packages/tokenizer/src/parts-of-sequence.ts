import type { JsonField } from "@kindred/errors";

/** Where each section that may be a `Sequence` has its parts. */
export type PartsKey = "normalizers" | "pretokenizers" | "processors";

/** The parts of a `Sequence`, however deep, or the section itself; none where it is null. */
export function partsOfSequence(field: JsonField, key: PartsKey): JsonField[] {
  if (field.isNull) return [];
  if (field.field("type").value !== "Sequence") return [field];
  const parts = field.object("type", key)[key];
  return parts.array().flatMap((part) => partsOfSequence(part, key));
}
