"""Golden vectors of static embeddings: model2vec's and sentence-transformers' own, on random tables of a few features.

usage: make_static.py --out ../static --seed 83          needs the packages sentence-transformers and model2vec (0.7.0)

The tokenizers are those of golden/families/bert (WordPiece) and of the case `model2vec` of golden/unigram.
"""
import argparse, json, os, shutil
import numpy as np
from common import *

ap = argparse.ArgumentParser()
ap.add_argument("--out", required=True); ap.add_argument("--seed", type=int, required=True)
A = ap.parse_args()
import torch
from model2vec import StaticModel
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, StaticEmbedding
from tokenizers import Tokenizer

R = np.random.default_rng(A.seed)
HERE = os.path.dirname(os.path.abspath(__file__))
json_of = lambda path: json.load(open(os.path.join(HERE, "..", path), encoding="utf8"))
unigram = json_of("unigram/cases.json")
[case] = [c for c in unigram["cases"] if c["name"] == "model2vec"]
wordpiece = json_of("families/bert/model/tokenizer.json")
wordpiece["truncation"] = wordpiece["padding"] = None
TOKENIZERS = {"wordpiece": wordpiece, "unigram": case["tokenizer"]}
TEXTS = ["", " ", "the", "The best game.", "I really think that you know the music.", "Qzxv \u4e2d\u6587 \U0001f600!", "[CLS] a [SEP] b", "<unk> a<mask>b", "thethe  abba it's", "caf\u00e9 \u00e9t\u00e9", "the " * 600 + "music " * 100]
SIZE = 12


def tokenizer(name, truncation=None):
    return Tokenizer.from_str(json.dumps({**TOKENIZERS[name], "truncation": truncation}))


def table(rows, dtype=np.float32):
    return R.normal(0, 0.5, (rows, SIZE)).astype(dtype)


cases = {}


def keep(name, path, vectors, exact):
    """The vectors in float64 from the table as it is stored, which the library's own are near (half precision strays by 1e-3)."""
    assert np.abs(np.asarray(vectors, np.float64) - exact).max() < 1e-3, name
    cases[name] = exact.tolist()
    for file in ("README.md", "config_sentence_transformers.json"):
        if file == "README.md" and os.path.exists(f"{path}/{file}"): os.remove(f"{path}/{file}")


def exact_means(ids, rows):
    return np.stack([rows[i].astype(np.float64).mean(0) if len(i) else np.zeros(SIZE) for i in ids])


normalized = lambda x: x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-32)
ids_of = lambda tok: [e.ids for e in tok.encode_batch(TEXTS, add_special_tokens=False)]

# sentence-transformers, as it writes it today: with a Normalize, and without and cut by its tokenizer.json
for name, kind, truncation, modules in (("sentence-transformers", "wordpiece", None, [Normalize()]), ("truncated", "unigram", {"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0}, [])):
    tok = tokenizer(kind, truncation); rows = table(tok.get_vocab_size())
    model = SentenceTransformer(modules=[StaticEmbedding(tok, embedding_weights=rows), *modules], device="cpu")
    path = f"{A.out}/{name}"; shutil.rmtree(path, ignore_errors=True)
    model.save(path)
    exact = exact_means(ids_of(tok), rows)
    keep(name, path, SentenceTransformer(path, device="cpu").encode(TEXTS), normalized(exact) if modules else exact)

# model2vec: half precision; rows shared and weighted; int8; and a folder that lists no modules
for name, kind, dtype, shared, normalize, listed in (("model2vec", "wordpiece", np.float16, False, True, True), ("model2vec-shared", "unigram", np.float32, True, True, True),
                                                     ("model2vec-int8", "wordpiece", np.int8, False, False, True), ("model2vec-unlisted", "unigram", np.float32, False, True, False)):
    tok = tokenizer(kind); tokens = tok.get_vocab_size(); count = 40 if shared else tokens
    rows = R.integers(-127, 128, (count, SIZE)).astype(np.int8) if dtype == np.int8 else table(count, dtype)
    mapping = R.integers(0, count, tokens) if shared else None
    weights = R.uniform(0.1, 1, tokens) if shared else None
    model = StaticModel(rows, tok, {"model_type": "model2vec", "normalize": normalize}, weights=weights, token_mapping=mapping)
    path = f"{A.out}/{name}"; shutil.rmtree(path, ignore_errors=True)
    model.save_pretrained(path)
    if not listed: os.remove(f"{path}/modules.json")
    whole = rows.astype(np.float64)
    if shared: whole = whole[mapping] * weights[:, None]
    exact = exact_means(model.tokenize(TEXTS, 512), whole)
    keep(name, path, StaticModel.from_pretrained(path).encode(TEXTS), normalized(exact) if normalize else exact)
write_json(f"{A.out}/expected.json", {"versions": {**versions(), "model2vec": version("model2vec")}, "seed": A.seed, "texts": TEXTS, "cases": cases}, None)
