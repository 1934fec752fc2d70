"""Finds what the Rust tokenizers' byte-level pre-tokenizer takes for letters and for numbers: word-kinds.json beside this file.

usage: python probe-word-kinds.py          (needs the package tokenizers)

It cuts GPT-2's words, so that two characters of one kind are one word. Each code point is put behind a letter and behind a digit.
"""

import json
from pathlib import Path

import tokenizers
from tokenizers.pre_tokenizers import ByteLevel

byte_level = ByteLevel(add_prefix_space=False)


def is_one_word(text: str) -> bool:
    return len(byte_level.pre_tokenize_str(text)) == 1


def ranges(before: str) -> list[list[int]]:
    found: list[list[int]] = []
    for code in range(0x110000):
        if 0xD800 <= code <= 0xDFFF or not is_one_word(before + chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


about = f"[first, last], inclusive; tokenizers {tokenizers.__version__}"
kinds = {"_about": about, "letters": ranges("a"), "numbers": ranges("1")}
text = json.dumps(kinds, separators=(",", ":"))
Path(__file__).with_name("word-kinds.json").write_text(text + "\n")
