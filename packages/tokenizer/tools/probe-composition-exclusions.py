"""Finds which code points that the Rust tokenizers' NFD takes apart their NFC does not put together again: composition-exclusions.json beside this file.

usage: python probe-composition-exclusions.py          (needs the package tokenizers)
"""

import json
from pathlib import Path

import tokenizers
from tokenizers import normalizers

nfd, nfc = normalizers.NFD().normalize_str, normalizers.NFC().normalize_str
ranges: list[list[int]] = []
for code in range(0x110000):
    if 0xD800 <= code <= 0xDFFF or nfd(chr(code)) == chr(code) or nfc(chr(code)) == chr(code):
        continue
    if ranges and ranges[-1][1] == code - 1:
        ranges[-1][1] = code
    else:
        ranges.append([code, code])
found = {"_about": f"[first, last], inclusive; tokenizers {tokenizers.__version__}", "excluded": ranges}
Path(__file__).with_name("composition-exclusions.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")
