"""Writes src/grapheme-tables.ts: what the Rust tokenizers know of code points when they join them into grapheme clusters.

usage: pip install tokenizers==0.23.3 && python probe-graphemes.py > ../src/grapheme-tables.ts

Found by RUNNING their normalizer `Precompiled` with character maps of one entry. It replaces a whole cluster of fewer than 6 bytes by what its
beginning maps to, and a longer one character by character: whether a mark behind the mapped character survives tells which cluster it is in.
"""
import struct
from tokenizers import normalizers

CODES = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and c not in (10, 13)]


def mapping(entry):
    """Maps one character to `=`: a Darts double array in which every node has a block of 256 units of its own."""
    key = entry.encode()
    units, at = [0] * 256 * (len(key) + 2), 0
    for depth in range(len(key) + 1):
        block = 256 * (depth + 1)
        units[at] = (at ^ block) << 10 | (depth == len(key)) << 8 | (key[depth - 1] if depth else 0)
        at = block ^ (key[depth] if depth < len(key) else 0)
    units[at] = 1 << 31  # the value 0: where `=` begins
    return normalizers.Precompiled(struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + b"=\0").normalize_str


def found(entry, probe, holds):
    """The code points for whose probe, once it is normalized, the condition holds. A line feed is a cluster of its own."""
    run, members = mapping(entry), set()
    for first in range(0, len(CODES), 4096):
        codes = CODES[first : first + 4096]
        lines = run("\n".join(probe(chr(c)) for c in codes)).split("\n")
        assert len(lines) == len(codes)
        members |= {c for c, line in zip(codes, lines) if holds(line)}
    return members


MARK, OTHER, KA, VIRAMA, JOINER = "\u0301", "\u0302", "\u0915", "\u094d", "\u200d"
survives = lambda line: line.endswith(MARK)

joins = found("a", lambda c: "a" + c, lambda line: line == "=")
control = found(MARK, lambda c: c + MARK + OTHER, lambda line: not line.endswith(OTHER)) | {10, 13}
prepend = found("a", lambda c: c + "a" + MARK, survives)
pictographic = found("\u00a9", lambda c: c + JOINER + "\u00a9" + MARK, survives)
extend = found("\u00a9", lambda c: "\u2764" + c + JOINER + "\u00a9" + MARK, survives) - pictographic
consonant = found(KA, lambda c: c + VIRAMA + KA + MARK, survives)
linker = found(KA, lambda c: KA + c + KA + MARK, survives) - prepend
between = found(KA, lambda c: KA + VIRAMA + c + KA + MARK, survives) - prepend - linker
leading = found("\uac00", lambda c: c + "\uac00" + MARK, survives) - prepend
vowelLike = found("\u1161", lambda c: c + "\u1161" + MARK, survives) - prepend - leading
trailLike = found("\u11a8", lambda c: c + "\u11a8" + MARK, survives) - prepend
syllables = set(range(0xAC00, 0xAC00 + 11172))
assert syllables & vowelLike == set(range(0xAC00, 0xAC00 + 11172, 28)) and syllables <= trailLike
vowel, trailing = vowelLike - syllables, trailLike - vowelLike - syllables
assert extend | linker | between <= joins and not joins & (control | prepend | pictographic | consonant | leading | vowel | trailing)
assert ord(JOINER) in joins - extend and linker <= extend

assert extend - linker - between == {0x200C}


def ranges(members):
    spans = []
    for code in sorted(members):
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in spans)


def table(name, about, members):
    print(f'\n/** {about} */\nexport const {name} =\n  "{ranges(members)}";' if len(ranges(members)) > 60 else f'\n/** {about} */\nexport const {name} = "{ranges(members)}";')


print("// Made by tools/probe-graphemes.py from the behaviour of the Rust tokenizers 0.23.3. Do not edit: run that program.")
print("// Hexadecimal code points: `first-last` or a single one. The names are those of Unicode Standard Annex #29.")
table("controlRanges", "Control, CR and LF: alone, but for CR LF.", control)
table("prependRanges", "Prepend: goes with what follows.", prepend)
table("extendRanges", "Extend, with the linkers and U+200C.", extend)
table("spacingMarkRanges", "SpacingMark: goes with what precedes, like Extend, but not within an emoji or a conjunct.", joins - extend - {ord(JOINER)})
table("linkerRanges", "Indic_Conjunct_Break=Linker: viramas, which join consonants.", linker)
table("consonantRanges", "Indic_Conjunct_Break=Consonant.", consonant)
table("pictographicRanges", "Extended_Pictographic: joined by U+200D.", pictographic)
table("leadingRanges", "L: leading consonants of Hangul.", leading)
table("vowelRanges", "V: vowels of Hangul, and others that behave so.", vowel)
table("trailingRanges", "T: trailing consonants of Hangul.", trailing)
