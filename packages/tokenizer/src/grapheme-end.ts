import {
  consonantRanges,
  controlRanges,
  extendRanges,
  leadingRanges,
  linkerRanges,
  pictographicRanges,
  prependRanges,
  spacingMarkRanges,
  trailingRanges,
  vowelRanges,
} from "./grapheme-tables.ts";
import { codesIn } from "./unicode-data.ts";

/** What a code point is when clusters are joined; regional indicators are as any other. */
const Kind = {
  ...{ other: 0, control: 1, prepend: 2, extend: 3, linker: 4, spacingMark: 5, joiner: 6, nonJoiner: 7 },
  ...{ consonant: 8, pictographic: 9, leading: 10, vowel: 11, trailing: 12, syllable: 13, closedSyllable: 14 },
} as const;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Where the grapheme cluster ends that begins at `from`: the index in `codes` after its last code point. `from` is below the length.
 *
 * The rules of extended clusters with the frozen sets of the Rust tokenizers (Unicode 16 or 17), but for pairs of regional indicators, which
 * count as clusters of their own: no reader here can tell, since either is too long to be replaced as a whole.
 *
 * @see Unicode Standard Annex #29, Unicode Text Segmentation, rules GB3 to GB11
 */
export function graphemeEnd(codes: readonly number[], from: number): number {
  const kinds = codePointKinds();
  // `!`: indices are below the length, and there is a kind for every code point.
  let before: number = kinds[codes[from]!]!;
  if (before === Kind.control)
    return codes[from] === carriageReturn && codes[from + 1] === lineFeed ? from + 2 : from + 1;
  let emoji = before === Kind.pictographic ? 1 : 0; // 1: a pictograph and extenders, 2: and a joiner
  let conjunct = before === Kind.consonant ? 1 : 0; // 1: a consonant, 2: and a linker
  let at = from + 1;
  for (; at < codes.length; at++) {
    const kind = kinds[codes[at]!]!;
    if (kind === Kind.control) break;
    const joins =
      (kind >= Kind.extend && kind <= Kind.nonJoiner) ||
      before === Kind.prepend ||
      (kind === Kind.consonant && conjunct === 2) ||
      (kind === Kind.pictographic && emoji === 2) ||
      joinsHangul(before, kind);
    if (!joins) break;
    if (kind === Kind.pictographic) emoji = 1;
    else if (kind === Kind.joiner && emoji === 1) emoji = 2;
    else if (emoji === 2 || (kind !== Kind.extend && kind !== Kind.linker && kind !== Kind.nonJoiner)) emoji = 0;
    if (kind === Kind.consonant) conjunct = 1;
    else if (kind === Kind.linker) conjunct = conjunct === 0 ? 0 : 2;
    else if (kind !== Kind.extend && kind !== Kind.joiner) conjunct = 0;
    before = kind;
  }
  return at;
}

/** Whether a code point is a cluster of its own beside any other of which this holds too: neither a mark nor a joiner, nor a lone jamo. */
export function standsAlone(code: number): boolean {
  const kind = codePointKinds()[code]!; // there is one for every code point
  return kind === Kind.other || kind === Kind.consonant || kind === Kind.pictographic || kind >= Kind.syllable;
}

/** GB6 to GB8. */
function joinsHangul(before: number, kind: number): boolean {
  switch (before) {
    case Kind.leading:
      return kind >= Kind.leading && kind !== Kind.trailing;
    case Kind.vowel:
    case Kind.syllable:
      return kind === Kind.vowel || kind === Kind.trailing;
    case Kind.trailing:
    case Kind.closedSyllable:
      return kind === Kind.trailing;
    default:
      return false;
  }
}

let kindsOfCodes: Uint8Array | undefined;

/** A byte for every code point, filled on first use; 1.1 MB. */
function codePointKinds(): Uint8Array {
  if (kindsOfCodes !== undefined) return kindsOfCodes;
  const kinds = new Uint8Array(0x110000);
  const mark = (ranges: string, kind: number) => {
    for (const range of ranges.split(" ")) {
      const { first, last } = codesIn(range);
      kinds.fill(kind, first, last + 1);
    }
  };
  mark(controlRanges, Kind.control);
  mark(prependRanges, Kind.prepend);
  mark(extendRanges, Kind.extend);
  mark(linkerRanges, Kind.linker); // after extend, which has them too
  mark("200c", Kind.nonJoiner);
  mark("200d", Kind.joiner);
  mark(spacingMarkRanges, Kind.spacingMark);
  mark(consonantRanges, Kind.consonant);
  mark(pictographicRanges, Kind.pictographic);
  mark(leadingRanges, Kind.leading);
  mark(vowelRanges, Kind.vowel);
  mark(trailingRanges, Kind.trailing);
  mark("ac00-d7a3", Kind.closedSyllable);
  for (let code = 0xac00; code <= 0xd7a3; code += 28) kinds[code] = Kind.syllable; // 28 trailing consonants, the first of them none
  kindsOfCodes = kinds;
  return kinds;
}
