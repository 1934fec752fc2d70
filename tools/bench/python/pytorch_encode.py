"""sentence-transformers on PyTorch, from texts to vectors."""

from play import play, strided


class PytorchEncode:
    def __init__(self, setup):
        import sentence_transformers
        import torch

        self.torch = torch
        torch.set_num_threads(setup["threads"])
        self.autocast = setup.get("autocast", False)
        self.name = f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__}{', bfloat16' if self.autocast else ''}"
        self.model = sentence_transformers.SentenceTransformer(setup["folder"], device="cpu")
        self.texts = setup["texts"]
        # Real tokens, padding left out.
        self.tokens = sum(len(self.model.tokenizer(text, truncation=True, max_length=128)["input_ids"]) for text in self.texts)
        self.embeddings = None

    def measure(self, turn):
        with self.torch.autocast("cpu", dtype=self.torch.bfloat16, enabled=self.autocast):
            self.embeddings = self.model.encode(self.texts, batch_size=32)
        return self.tokens

    def sample(self):
        return strided(self.embeddings.reshape(-1), 2000)


play(PytorchEncode)
