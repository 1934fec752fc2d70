import type { ParameterKind, ParameterSpec } from "@kindred/encoder";

/** Parameters that learn otherwise than the others: those for which all holds that is said of them. */
export type ParameterGroup = {
  /** Their names, any of these; `*` stands for any characters. Default: any name. */
  readonly names?: readonly string[];
  /** Their kinds, any of these. Default: any kind. */
  readonly kinds?: readonly ParameterKind[];
  /** How deep in the encoder they are used, as a spec's `depth` says. Default: anywhere. */
  readonly depth?: number;
  /** What their learning rate is multiplied by, 0 or more. Default 1. */
  readonly rate?: number;
  /** Their weight decay, in place of the optimizer's. Default: that. */
  readonly weightDecay?: number;
  /** Whether they stay as they are, and what the optimizer remembers of them too. Default false. */
  readonly frozen?: boolean;
};

/**
 * The place, from 0, of the first group that a parameter belongs to; −1 if to none.
 *
 * @example
 * ```ts
 * import { groupOf } from "@kindred/adamw";
 *
 * const groups = [{ names: ["embeddings.*"] }, { kinds: ["gain", "shift"] }] as const;
 * groupOf(groups, { name: "embeddings.words.weight", shape: [9, 8], kind: "table" }); // => 0
 * groupOf(groups, { name: "encoder.layer.0.output.bias", shape: [8], kind: "shift" }); // => 1
 * groupOf(groups, { name: "encoder.layer.0.output.weight", shape: [8, 8], kind: "matrix" }); // => -1
 * ```
 */
export function groupOf(groups: readonly ParameterGroup[], spec: ParameterSpec): number {
  return groups.findIndex(
    ({ names, kinds, depth }) =>
      (names === undefined || names.some((pattern) => matches(pattern, spec.name))) &&
      (kinds === undefined || kinds.includes(spec.kind)) &&
      (depth === undefined || depth === spec.depth),
  );
}

/** Whether a name is of this form; `*` in it stands for any characters, also none. In time linear in the name for each `*`. */
function matches(pattern: string, name: string): boolean {
  const [first = "", ...parts] = pattern.split("*");
  const last = parts.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let from = first.length;
  for (const part of parts) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return name.length - last.length >= from && name.endsWith(last);
}
