"""Trains a tokenizer of the Rust library on lines of text, a JSON list on standard input, and writes its tokenizer.json.

usage: train_tokenizer.py MODEL SIZE FILE          MODEL: bpe
"""

import json
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def bpe(lines, size):
    """As RoBERTa's: byte-level, framed as its texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size - 1,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


MODELS = {"bpe": bpe}

model, size, file = sys.argv[1:]
trained = MODELS[model](json.load(sys.stdin), int(size))
trained.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
trained.save(file)
