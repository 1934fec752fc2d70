import { combiningClassRanges } from "./unicode-tables.ts";

const firstMark = 0x300;

let classes: Map<number, number> | undefined;

/**
 * The canonical combining class of a code point: 0 for letters and all that keeps its place, above 0 for marks that are sorted
 * by it. Frozen at the Rust tokenizers' Unicode version: marks that are younger have 0 here.
 */
export function combiningClass(code: number): number {
  if (code < firstMark) return 0;
  classes ??= parseClasses();
  return classes.get(code) ?? 0;
}

function parseClasses(): Map<number, number> {
  const parsed = new Map<number, number>();
  for (const entry of combiningClassRanges.split(" ")) {
    const [range, value] = entry.split(":");
    const [first, last = first] = range!.split("-").map((code) => Number.parseInt(code, 16));
    for (let code = first!; code <= last!; code++) parsed.set(code, Number.parseInt(value!, 16));
  }
  return parsed;
}
