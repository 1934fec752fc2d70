"""Trains a tokenizer of the Rust library on lines of text, a JSON list on standard input, and writes its tokenizer.json.

usage: train_tokenizer.py MODEL SIZE FILE          MODEL: bpe, unigram (which needs the packages sentencepiece and protobuf)
"""

import io
import json
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

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


def unigram(lines, size):
    """As XLM-RoBERTa's, with sentencepiece's own character map."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Precompiled(character_map(lines))
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=size - 1, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    frame = {"single": "<s> $A </s>", "pair": "<s> $A </s> </s> $B </s>", "special_tokens": [("<s>", 0), ("</s>", 2)]}
    tokenizer.post_processor = processors.TemplateProcessing(**frame)
    return tokenizer


def character_map(lines):
    """sentencepiece's nmt_nfkc, which it writes into every model that it trains."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines[:100]), model_writer=written, model_type="char", vocab_size=30, minloglevel=2
    )
    return sentencepiece_model_pb2.ModelProto.FromString(written.getvalue()).normalizer_spec.precompiled_charsmap


MODELS = {"bpe": bpe, "unigram": unigram}

model, size, file = sys.argv[1:]
trained = MODELS[model](json.load(sys.stdin), int(size))
trained.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
trained.save(file)
