"""Loads the folders that write-roundtrip.mjs wrote with Python's sentence-transformers and compares the vectors.

usage: python tools/parity/roundtrip.py FOLDER      (needs sentence-transformers >= 5; run by hand, see docs/parity.md)
"""
import json
import os
import sys

import numpy as np
import sentence_transformers
import torch
import transformers
from sentence_transformers import SentenceTransformer
from transformers.utils import logging

OPTION_NAMES = {
    "promptName": "prompt_name",
    "prompt": "prompt",
    "normalizeEmbeddings": "normalize_embeddings",
    "truncateDim": "truncate_dim",
    "precision": "precision",
}
METHODS = {"encode": "encode", "encodeQuery": "encode_query", "encodeDocument": "encode_document"}
# Two float32 implementations sum in other orders: vectors of length 1 differ by some 1e-7, hidden states by ten times that.
TOLERANCE, TOKEN_TOLERANCE = 2e-6, 1.1e-5


def main(root):
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with open(os.path.join(root, "cases.json"), encoding="utf8") as file:
        expected = json.load(file)
    print(f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__}, torch {torch.__version__}")
    models, failures = {}, 0
    for case in expected["cases"]:
        name = case["folder"]
        if name not in models:
            models = {name: load(os.path.join(root, name))}
        failures += not compare(models[name], case, expected["texts"])
    print(f"{len(expected['cases']) - failures} passed, {failures} failed")
    return 1 if failures else 0


def load(folder):
    # Half-precision weights are widened, as Kindred widens them; transformers 5 would compute in half precision.
    return SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32}).float()


def compare(model, case, texts):
    options = dict(case["options"])
    tokens = options.pop("outputValue", None) == "tokenEmbeddings"
    arguments = {OPTION_NAMES[key]: value for key, value in options.items()}
    # In Python a model with Normalize gives shortened vectors as they are; Kindred divides them by their length anew.
    if "truncate_dim" in arguments and any(type(module).__name__ == "Normalize" for module in model):
        arguments["normalize_embeddings"] = True
    if tokens:
        arguments["output_value"] = "token_embeddings"
    got = getattr(model, METHODS[case["method"]])(texts, **arguments)
    want = case["vectors"]
    if tokens:
        got = [row.numpy().reshape(-1) for row in got]
    label = f"{case['folder']}: {case['method']} {json.dumps(case['options'])}"
    if [len(row) for row in got] != [len(row) for row in want]:
        print(f"FAILED  {label}: {[len(row) for row in got]} numbers, Kindred has {[len(row) for row in want]}")
        return False
    difference = max(float(np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b)).max()) for a, b in zip(got, want))
    # A number within rounding of a quantisation step may fall on either side of it.
    limit = 1 if "int8" in arguments.get("precision", "") else TOKEN_TOLERANCE if tokens else TOLERANCE
    scale = max(1.0, max(float(np.abs(np.asarray(row)).max()) for row in want)) if limit < 1 else 1.0
    passed = difference <= limit * scale
    print(f"{'ok    ' if passed else 'FAILED'}  {label}: largest difference {difference:.2e}")
    return passed


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
