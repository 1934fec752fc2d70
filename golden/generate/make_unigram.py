"""Golden ids and offsets of the Rust `tokenizers` for Unigram, Metaspace and character maps.

usage: make_unigram.py --families SHARED/golden/families --out ../unigram --seed 71

cases.json: small tokenizers in all the forms that files have, written in full, with texts, ids and offsets.
families.json: the two tokenizers of golden/families with sentencepiece's own nmt_nfkc: digests over all code points, and random texts.
Offsets are flat [start0, end0, ...] in UTF-16 units of the text, without special tokens.
"""
import argparse, base64, json, random, struct, unicodedata
from tokenizers import Tokenizer, normalizers
from common import *

ap = argparse.ArgumentParser()
ap.add_argument("--families", required=True); ap.add_argument("--out", required=True); ap.add_argument("--seed", type=int, required=True)
A = ap.parse_args()
R = random.Random(A.seed)
VALID = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def charsmap(rules):
    """A character map: a Darts double array in which every node has a block of 256 units of its own, and the replacements."""
    rules = {key.encode(): value.encode() for key, value in rules.items()}
    prefixes = sorted({key[:i] for key in rules for i in range(len(key) + 1)}, key=lambda p: (len(p), p))
    block = {prefix: 256 * (i + 1) for i, prefix in enumerate(prefixes)}
    at = lambda p: block[p[:-1]] ^ p[-1] if p else 0
    units, text = [0] * 256 * (len(prefixes) + 1), b""
    for p in prefixes:
        units[at(p)] = (at(p) ^ block[p]) << 10 | (p in rules) << 8 | (p[-1] if p else 0)
        if p in rules:
            units[block[p]] = 1 << 31 | len(text)
            text += rules[p] + b"\0"
    return base64.b64encode(struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + text).decode()


def row(tok, text):
    e = tok.encode(text, add_special_tokens=False)
    units = [0]
    for c in text:
        units.append(units[-1] + (2 if ord(c) > 0xFFFF else 1))
    # The place of an added token leaves out the space that it swallowed, as it does for MPNet, whose post-processor trims.
    places = [(s + len(text[s:t]) - len(text[s:t].lstrip()) if token.strip() == "<mask>" else s, t) for token, (s, t) in zip(e.tokens, e.offsets)]
    return {"text": text, "ids": e.ids, "offsets": [units[x] for o in places for x in o]}


# ---------------------------------------------------------------- small tokenizers
SPECIAL = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
PIECES = [["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["\u2581", -2.5], ["\u2581the", -3], ["\u2581a", -3.5], ["the", -4.25], ["a", -4], ["b", -4], ["ab", -6], ["ba", -8],
          ["c", -5], [" ", -5.5], ["\u2581\u2581", -6], ["\u2581b\u2581", -7], ["d.", -5], [".", -4.5], ["d", -6.25], ["\U0001f600", -7], ["\U0001f600a", -8.5], ["\u00e9", -5], ["X", -6], ["\"", -6], ["it's", -9], ["is", -8], ["e", -6.5], ["t", -6.5], ["h", -6.5]]
BYTES = [[f"<0x{b:02X}>", -20 - b / 256] for b in range(256)]
MAP = charsmap({"\ufb01": "fi", "e\u0301": "\u00e9", "\u00bd": "1\u20442", "\u0001": "", "\u200b": " ", "\uff21": "a", "A": "aa", "\r": " ", "\n": " ", "\ufffd": " "})
SPACE, ALWAYS = {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
sequence = lambda key, *parts: {"type": "Sequence", key: list(parts)}
precompiled = {"type": "Precompiled", "precompiled_charsmap": MAP}
replace = lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content}
FORMS = {
    "xlm-roberta": (precompiled, sequence("pretokenizers", SPACE, ALWAYS)),
    "add_prefix_space": (precompiled, sequence("pretokenizers", SPACE, {"type": "Metaspace", "replacement": "\u2581", "str_rep": "\u2581", "add_prefix_space": True})),
    "camembert, older": (sequence("normalizers", precompiled, {"type": "Strip", "strip_left": False, "strip_right": True}, replace({"Regex": " {2,}"}, "\u2581")), ALWAYS),
    "t5": (sequence("normalizers", precompiled, replace({"Regex": " {2,}"}, " ")), {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True}),
    "whole": (None, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": False}),
    "never": (None, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never", "split": True}),
    "first": (None, sequence("pretokenizers", SPACE, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True})),
    "spaces": (None, SPACE),
    "nothing": (None, None),
    "model2vec": (sequence("normalizers", {"type": "Lowercase"}, replace({"String": "."}, " . "), replace({"String": "``"}, "\""), replace({"Regex": "\\s+"}, " "), {"type": "Strip", "strip_left": True, "strip_right": True}),
                  {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": False}),
    "prepend": (sequence("normalizers", {"type": "Prepend", "prepend": "\u2581"}, replace({"String": " "}, "\u2581")), None),
}
WORDS = ["the", "a", "ab", "abba", "b", "d.", ".", "it's", "\u00e9", "e\u0301", "e\u0301\u0302", "\U0001f600", "\U0001f600a", "\u2581", "\u2581a", "X", "Q", "\U0001f44d\U0001f3fd", "\ufb01", "\ufb01\u0301", "\u00bd", "A", "\uff21\u0308", "``", "<unk>", "<mask>", "<s>", "caf\u00e9",
         "\u4e2d\u6587", "\u200b", "\r\n", "\n", "\t", "\u00a0", "\u3000", "th\u0001e", "\u00bd\u0001", "\u0301", "aaaaaaaaaaaaaaaaaaaaaaaa", "thethethethe"]
texts = ["", " ", "  ", "a", " a", "a ", "\u2581", "\u2581\u2581", "\u2581\u2581a\u2581", "a\u2581b", "<mask>", "a <mask> b", "a<mask>b", "<unk>", "a<unk>b", "<s>a</s>", "Qa", "QQ", "Q Q", "aQ\U0001f44dQa"]
texts += ["".join(R.choice(WORDS) + R.choice(["", " ", " ", "  "]) for _ in range(R.randint(1, 9))) for _ in range(80)]
cases = []
for name, (normalizer, pre_tokenizer) in FORMS.items():
    for byte_fallback in ([False, True] if name in ("xlm-roberta", "nothing") else [False]):
        vocab = PIECES + (BYTES if byte_fallback else []) + [["<mask>", 0]]
        added = [dict(id=i, content=c, **SPECIAL) for i, c in enumerate(["<s>", "<pad>", "</s>", "<unk>"])] + [dict(SPECIAL, id=len(vocab) - 1, content="<mask>", lstrip=True)]
        frame = lambda s: {"SpecialToken": {"id": s, "type_id": 0}}
        seq = lambda s: {"Sequence": {"id": s, "type_id": 0}}
        json_ = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
                 "post_processor": {"type": "TemplateProcessing", "single": [frame("<s>"), seq("A"), frame("</s>")], "pair": [frame("<s>"), seq("A"), frame("</s>"), frame("</s>"), seq("B"), frame("</s>")],
                                    "special_tokens": {s: {"id": s, "ids": [i], "tokens": [s]} for s, i in (("<s>", 0), ("</s>", 2))}},
                 "decoder": None, "model": {"type": "Unigram", "unk_id": 3, "vocab": vocab, "byte_fallback": byte_fallback}}
        tok = Tokenizer.from_str(json.dumps(json_))
        rows = [row(tok, t) for t in texts]
        json_ = json.loads(json.dumps(json_).replace(MAP, "MAP"))  # written once
        cases.append({"name": name + (", bytes" if byte_fallback else ""), "tokenizer": json_, "ids": [r["ids"] for r in rows], "offsets": [r["offsets"] for r in rows]})
write_json(f"{A.out}/cases.json", {"versions": versions(), "seed": A.seed, "characterMap": MAP, "texts": texts, "cases": cases}, None)

# ---------------------------------------------------------------- the real character map
MARKS = [c for c in VALID if unicodedata.category(chr(c))[0] == "M"]
COMPATIBLE = [c for c in VALID if unicodedata.normalize("NFKC", chr(c)) != chr(c)]
ODD = [0x600, 0x6DD, 0x200D, 0x200C, 0xA9, 0x2122, 0x203C, 0x2764, 0x1F600, 0x1F1E6, 0x915, 0x94D, 0x93C, 0x958, 0x1100, 0x1161, 0x11A8, 0xAC00, 0xAC01, 0xD, 0xA, 0x9, 0x20, 0x301, 0x302, 0x1, 0x7F, 0xAD, 0x200B, 0xFFFD, 0xFEFF, 0xFB01, 0xBD, 0x2581]


def odd():
    k = R.random()
    return R.choice(ODD) if k < 0.3 else R.choice(MARKS) if k < 0.5 else R.choice(COMPATIBLE) if k < 0.65 else R.randint(0x20, 0x17F) if k < 0.8 else R.choice(VALID)


families = {}
for name in ("xlm-roberta", "bert-with-xlmr-tokenizer"):
    tok = Tokenizer.from_file(f"{A.families}/{name}/model/tokenizer.json")
    tok.no_truncation(); tok.no_padding()
    blocks = {}
    for first in range(0, 0x110000 if name == "xlm-roberta" else 0, 4096):
        codes = [c for c in range(first, first + 4096) if not 0xD800 <= c <= 0xDFFF]
        lines = [f"{c:X}:{','.join(map(str, r['ids'] + r['offsets']))}\n" for c in codes for r in [row(tok, f"a{chr(c)}b")]]
        blocks[f"{first:X}"] = sha16("".join(lines).encode())
    # The Rust offsets of a text that begins with a dropped character are all too low by one.
    mixed = ["".join(chr(odd()) for _ in range(R.randint(1, 12))) for _ in range(400)]
    rows = [row(tok, text) for text in mixed if tok.normalizer.normalize_str(text[0]) != ""][:300]
    families[name] = {"blocks": blocks, "rows": rows}
write_json(f"{A.out}/families.json", {"versions": versions(), "seed": A.seed, **families}, None)
