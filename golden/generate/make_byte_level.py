"""Golden token ids and offsets from the Rust `tokenizers` for byte-level BPE.

usage: make_byte_level.py --out DIR --seed N [--random N]

tokenizer.json: a vocabulary of 400, trained on sentences made of WORDS, framed as RoBERTa's. cases.json: the sections that each case changes in it, and for each text
the ids and, where `offsets` says so, the offsets, in Unicode code points of the text, flat. all-code-points.json: digests of the ids of `TEMPLATE` for every code point.
"""
import argparse, json, random
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers, AddedToken
from common import *

ap = argparse.ArgumentParser()
ap.add_argument("--out", required=True); ap.add_argument("--seed", type=int, required=True); ap.add_argument("--random", type=int, default=24)
A = ap.parse_args()
R = random.Random(A.seed)
VALID = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
WORDS = "the a I you it's don't we'll they've I'm he'd you're really think know music movie game play season team what when where because best new old great café naïve 3.14 42 1,000 …".split()
PIECES = WORDS + list(" \t\n\r\u0085\u00a0\u2003\u3000'’!?.,-_0๑٣ⅻ½²aZéßǅʰ中한\u0301\u200d\u200b\ufeff") + ["  ", "   ", " \n ", "\r\n", "'s", "'S", "'ll", "'L", "'re", "'r", "'ve", "😀", "👍🏽", "𝔸", "𐏓", "🏳️‍🌈", "𞤀", "x" * 20, "the" * 7]
ADDED = ["<s>", "</s>", "<mask>", "<pad>", "<unk>", "<l>", "<r>", "<w>", "<n>", "the best"]
FIXED = ["", " ", "  ", "hello", " hello", "\thello", "  two  spaces  ", "It's 3.14, isn't it?", "they'll we'Ve 's", "a <mask> b", "a<mask>b", " <mask> ", "<s>hello</s>", "x<l>y <l> z", "x<r> y <r>z", "x<w>y <w> z_<w>", "<n> the best game", "the bestthe best", "café 中文 한국어", "😀👍🏽 ok 👨‍👩‍👧‍👦", "a\u00a0\u2003 b\n\n c", "…—“quoted”", "x" * 40, "e\u0301 a\u0302\u0323 \u1112\u1161\u11ab \u212b u\u064b\u0301"]
TEMPLATE = "a{0}1{0} {0}!{0}"


def trained():
    tok = Tokenizer(models.BPE()); tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False); tok.decoder = decoders.ByteLevel()
    corpus = [" ".join(R.choice(WORDS) for _ in range(R.randint(3, 12))) for _ in range(2000)]
    trainer = trainers.BpeTrainer(vocab_size=400, min_frequency=2, show_progress=False, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tok.train_from_iterator(corpus, trainer)
    tok.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    tok.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return json.loads(tok.to_str())


def texts():
    glued = [p for p in PIECES + ADDED]
    made = ["".join(R.choice(glued) + R.choice(["", " "]) for _ in range(R.randint(1, 12))) for _ in range(A.random)]
    return FIXED + made + ["".join(chr(R.choice(VALID)) for _ in range(R.randint(1, 8))) for _ in range(A.random // 2)]


def byte_level(**changes):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True, **changes}


def roberta(base, **changes):
    return {**base["post_processor"], **changes}


def token(id, content, **flags):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False, **flags}


def cases(base):
    model, size = base["model"], len(base["model"]["vocab"]) + 1
    some = {t: i for i, t in enumerate(t for t in model["vocab"] if t not in ("b", "!", "Ģ"))}
    known = [m for m in model["merges"] if m[0] in some and m[1] in some and "".join(m) in some]
    lacking = {**model, "vocab": some, "merges": known}
    frame = lambda **changes: {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
        "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "</s>", "type_id": 1}}],
        "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for t, i in (("<s>", 0), ("</s>", 2))}}
    flags = [token(size, "<l>", lstrip=True), token(size + 1, "<r>", rstrip=True, normalized=True), token(size + 2, "<w>", single_word=True), token(size + 3, "<n>", normalized=True, special=True), token(size + 4, "the best", normalized=True)]
    mask = next(t for t in base["added_tokens"] if t["content"] == "<mask>")
    return [
        ("as RoBERTa's", True, {}),
        ("merges as pairs of strings", False, {"model": {**model, "merges": [" ".join(m) for m in model["merges"]]}}),
        ("whole offsets", True, {"post_processor": roberta(base, trim_offsets=False), "added_tokens": [{**mask, "lstrip": False} if t is mask else t for t in base["added_tokens"]]}),
        ("a prefix space", False, {"pre_tokenizer": byte_level(add_prefix_space=True), "post_processor": roberta(base, add_prefix_space=True)}),
        ("a prefix space and whole offsets", True, {"pre_tokenizer": byte_level(add_prefix_space=True), "post_processor": roberta(base, trim_offsets=False, add_prefix_space=True), "added_tokens": [{**mask, "lstrip": False} if t is mask else t for t in base["added_tokens"]]}),
        ("no words", True, {"pre_tokenizer": byte_level(use_regex=False)}),
        ("a template", False, {"post_processor": frame()}),
        ("a template behind ByteLevel", True, {"post_processor": {"type": "Sequence", "processors": [byte_level(), frame()]}}),
        ("added tokens with flags", True, {"added_tokens": base["added_tokens"] + flags}),
        ("an alphabet with holes", False, {"model": lacking}),
        ("holes that are unknown", False, {"model": {**lacking, "unk_token": "<unk>"}}),
        ("holes that are unknown together", False, {"model": {**lacking, "unk_token": "<unk>", "fuse_unk": True}}),
        ("words before merges", False, {"model": {**model, "merges": model["merges"][:20], "ignore_merges": True}}),
        ("lower case first", True, {"normalizer": {"type": "Lowercase"}}),
        ("form C first", True, {"normalizer": {"type": "NFC"}}),
    ]


def digests(tok):
    blocks = {}
    for first in range(0, 0x110000, 0x1000):
        codes = [c for c in range(first, first + 0x1000) if not 0xD800 <= c <= 0xDFFF]
        encoded = tok.encode_batch([TEMPLATE.format(chr(c)) for c in codes])
        blocks[f"{first:X}"] = sha16("".join(f"{c:X}:{','.join(map(str, e.ids[1:-1]))}\n" for c, e in zip(codes, encoded)).encode())
    return blocks


base = trained()
write_json(f"{A.out}/tokenizer.json", base, indent=None)
rows, all_texts = [], texts()
for title, has_offsets, changes in cases(base):
    changes = json.loads(json.dumps(changes))
    if "model" in changes and "vocab" in changes["model"]:  # ids of the frame are those of the vocabulary
        ids = changes["model"]["vocab"]; assert (ids["<s>"], ids["</s>"], ids["<unk>"]) == (0, 2, 3)
        changes.setdefault("added_tokens", [{**t, "id": ids.get(t["content"], len(ids))} for t in base["added_tokens"]])
    tok = Tokenizer.from_str(json.dumps({**base, **changes}))
    encoded = [tok.encode(t) for t in all_texts]
    rows.append({"title": title, "changes": changes, "ids": [e.ids for e in encoded], **({"offsets": [[n for o in e.offsets for n in o] for e in encoded]} if has_offsets else {})})
info = {"versions": versions(), "seed": A.seed}
write_json(f"{A.out}/cases.json", {**info, "texts": all_texts, "cases": rows}, indent=None)
write_json(f"{A.out}/all-code-points.json", {**info, "template": TEMPLATE, "blocks": digests(Tokenizer.from_str(json.dumps(base)))}, indent=None)
