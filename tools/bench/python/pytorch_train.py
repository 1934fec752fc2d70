"""Training steps of sentence-transformers on PyTorch: contrastive loss of one batch, AdamW."""

import json

from play import play


class PytorchTrain:
    def __init__(self, setup):
        import sentence_transformers
        import torch
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

        self.torch = torch
        torch.set_num_threads(setup["threads"])
        self.autocast = setup.get("autocast", False)
        self.name = f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__}{', bfloat16' if self.autocast else ''}"
        self.model = sentence_transformers.SentenceTransformer(setup["folder"], device="cpu").train()
        self.loss = MultipleNegativesRankingLoss(self.model)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=2e-5, weight_decay=0.0)
        with open(setup["data"], encoding="utf-8") as file:
            pairs = [json.loads(line) for line in file]
        self.batches = [pairs[start : start + setup["pairs"]] for start in range(0, len(pairs), setup["pairs"])]

    def measure(self, turn):
        batch = self.batches[turn % len(self.batches)]
        features = [self.model.preprocess(list(texts)) for texts in zip(*batch)]
        self.optimizer.zero_grad()
        with self.torch.autocast("cpu", dtype=self.torch.bfloat16, enabled=self.autocast):
            loss = self.loss(features, None)
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return len(batch)

    def sample(self):
        return []


play(PytorchTrain)
