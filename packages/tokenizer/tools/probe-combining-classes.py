"""Writes combining-classes.json: the canonical combining classes that the Rust tokenizers' NFD knows.

usage: pip install tokenizers==0.23.3 && python probe-combining-classes.py > combining-classes.json

Whether a code point takes part in canonical reordering is found by RUNNING that NFD (its tables are older than Python's, and
what they do not know stays where it is). Which class it has is read from Python's unicodedata: a class never changes once
assigned (Unicode normalization stability policy).
"""
import json, sys, unicodedata, tokenizers
from tokenizers import normalizers

nfd = normalizers.NFD().normalize_str
LOWEST, HIGHEST = "\u0334", "\u0345"  # classes 1 and 240: one of them has to swap with any mark of another class


def reorders(mark):
    return nfd(mark) == mark and (nfd("a" + HIGHEST + mark) == "a" + mark + HIGHEST or nfd("a" + mark + LOWEST) == "a" + LOWEST + mark)


ranges = []
for code in range(0x110000):
    if 0xD800 <= code <= 0xDFFF or not (reorders(chr(code)) or chr(code) in (LOWEST, HIGHEST)):
        continue
    combining_class = unicodedata.combining(chr(code))
    assert combining_class, hex(code)
    if ranges and ranges[-1][1] == code - 1 and ranges[-1][2] == combining_class:
        ranges[-1][1] = code
    else:
        ranges.append([code, code, combining_class])

about = f"[first, last, class], inclusive; tokenizers {tokenizers.__version__}, unicodedata {unicodedata.unidata_version}"
json.dump({"_about": about, "classes": ranges}, sys.stdout, separators=(",", ":"))
print()
