"""The same work in plain PyTorch: an encoder of BERT's form, mean pooling, contrastive loss, AdamW. Run by gpu.mjs; needs torch alone."""

import argparse
import json
import time

import torch
import torch.nn.functional as F
from torch import nn

SIZES = {"base": (768, 12, 12, 3072), "tiny": (32, 2, 2, 64)}
VOCABULARY = 30527


class Encoder(nn.Module):
    def __init__(self, hidden, layers, heads, inner):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, hidden)
        self.places = nn.Embedding(514, hidden)
        self.norm = nn.LayerNorm(hidden)
        layer = nn.TransformerEncoderLayer(hidden, heads, inner, dropout=0.1, activation="gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, ids):
        places = torch.arange(ids.shape[1], device=ids.device)
        states = self.layers(F.dropout(self.norm(self.words(ids) + self.places(places)), 0.1, self.training))
        return F.normalize(states.float().mean(1), dim=-1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", required=True)
    parser.add_argument("--size", default="base")
    for name in ("pairs", "tokens", "steps"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    work, kind = given.part.split("-")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    # TF32 for float32 products, as XLA has it unless a program asks otherwise.
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(0)
    model = Encoder(*SIZES[given.size]).to(device)
    autocast = torch.autocast(device, dtype=torch.bfloat16, enabled=kind == "bfloat16")
    texts = 2 * given.pairs if work == "train" else 8 * given.pairs
    ids = torch.randint(5, VOCABULARY, (texts, given.tokens), device=device)
    turn = training(model, autocast, ids) if work == "train" else encoding(model, autocast, ids, 2 * given.pairs)

    def timed():
        start = time.perf_counter()
        turn()  # ends with a number on the host
        return time.perf_counter() - start

    first = timed()
    best = min(timed() for _ in range(given.steps))
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(json.dumps({"textsPerSecond": texts / best, "firstSeconds": first, "on": f"{name}, torch {torch.__version__}"}))


def training(model, autocast, ids):
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, fused=ids.is_cuda)
    model.train()

    def turn():
        optimizer.zero_grad()
        with autocast:
            queries, answers = model(ids).chunk(2)
        scores = 20 * queries @ answers.T
        loss = F.cross_entropy(scores, torch.arange(len(scores), device=ids.device))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return turn


def encoding(model, autocast, ids, batch):
    model.eval()

    def turn():
        with torch.inference_mode(), autocast:
            return torch.cat([model(part) for part in ids.split(batch)]).cpu()

    return turn


if __name__ == "__main__":
    main()
