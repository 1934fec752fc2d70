import type { AlignedText } from "./aligned-text.ts";
import { parseMappings } from "./parse-mappings.ts";
import { lowercaseRuns, lowercaseSequences } from "./unicode-tables.ts";

let table: Map<number, readonly number[]> | undefined;

/**
 * The text in lower case, code point by code point: ΣΑΣ becomes σασ, where JavaScript's `toLowerCase` writes σας, because it
 * knows that a sigma at the end of a word is another letter. İ becomes two code points, i and U+0307.
 */
export function lowercase({ codes, starts }: AlignedText): AlignedText {
  table ??= parseTable();
  const lowered: AlignedText = { codes: [], starts: [] };
  for (let i = 0; i < codes.length; i++) {
    const mapped = table.get(codes[i]!);
    if (mapped === undefined) {
      lowered.codes.push(codes[i]!);
      lowered.starts.push(starts[i]!);
    } else {
      for (const code of mapped) {
        lowered.codes.push(code);
        lowered.starts.push(starts[i]!);
      }
    }
  }
  return lowered;
}

function parseTable(): Map<number, readonly number[]> {
  const parsed = parseMappings(lowercaseSequences);
  for (const run of lowercaseRuns.split(" ")) {
    const [range, step, distance] = run.split(":");
    const [first, last = first] = range!.split("-").map((code) => Number.parseInt(code, 16));
    for (let code = first!; code <= last!; code += Number.parseInt(step!, 16)) {
      parsed.set(code, [code + Number.parseInt(distance!, 16)]);
    }
  }
  return parsed;
}
