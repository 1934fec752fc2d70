"""More losses of the installed sentence-transformers, and more options of theirs, than make_losses.py: value and gradient of every embedding, in float64.

usage: make_more_losses.py --out DIR --seed N
As make_losses.py; labels are tensors of their own, `label.<name>`, and vectors of a teacher are `teacher.<column>`. Gradients of a projection: `<case>.grad.projection.weight`, `.bias`.
"""
import argparse
from common import *
import torch
from torch import nn
from transformers import PreTrainedTokenizerFast
from tokenizers import Tokenizer, models
from sentence_transformers import util
from sentence_transformers.sentence_transformer import losses as L
ap = argparse.ArgumentParser(); ap.add_argument("--out", required=True); ap.add_argument("--seed", type=int, required=True); A = ap.parse_args()
N, D, W = 7, 9, 12                                                                     # rows, an odd length, and the teacher's length
g = torch.Generator().manual_seed(A.seed); rnd = lambda *s: torch.randn(*s, generator=g, dtype=torch.float64)
anchor = rnd(N, D) * (0.3 + 2 * torch.rand(N, 1, generator=g, dtype=torch.float64)); positive = 0.6 * anchor + 0.8 * rnd(N, D); negative1 = 0.4 * anchor + rnd(N, D); negative2 = rnd(N, D)
columns = {"anchor": anchor, "positive": positive, "negative1": negative1, "negative2": negative2}
even = {"evenAnchor": rnd(N, 8), "evenPositive": rnd(N, 8)}; even["evenPositive"] = even["evenPositive"] + 0.8 * even["evenAnchor"]
guide = {k: v / v.norm(dim=-1, keepdim=True) + 0.15 * rnd(N, D) for k, v in columns.items()}
teacher = {k: rnd(N, D) for k in columns}; wide = {k: rnd(N, W) for k in columns}
labels = {"graded": torch.tensor([0.1, 0.9, 0.3, 0.3, 0.7, 0.7, 0.5], dtype=torch.float64), "outOfFive": torch.tensor([5.0, 0, 3.5, 2, 2, 4, 1], dtype=torch.float64), "equal": torch.full((N,), 0.5, dtype=torch.float64),
          "binary": torch.tensor([1, 0, 0, 1, 0, 1, 1]), "matches": torch.ones(N, dtype=torch.long), "none": torch.zeros(N, dtype=torch.long),
          "classes": torch.tensor([3, 1, 3, 2, 2, 3, 1]), "withOneAlone": torch.tensor([3, 1, 3, 2, 3, 3, 1]), "oneClass": torch.zeros(N, dtype=torch.long),
          "scores2": 3 * rnd(N, 2), "scores3": 3 * rnd(N, 3), "margins1": rnd(N), "margins2": rnd(N, 2)}
TOK = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"x": 0}, unk_token="x")))

class Table(nn.Module):
    """Looks rows up by input_ids."""
    tokenizer, max_seq_length, device = TOK, 8, torch.device("cpu")
    def __init__(self, cols): super().__init__(); self.table = nn.Parameter(torch.cat(list(cols.values())).clone())
    def forward(self, f, **k): f["sentence_embedding"] = self.table[f["input_ids"][:, 0]]; return f
    def __getitem__(self, i): return self
    def get_embedding_dimension(self): return self.table.shape[1]
    get_sentence_embedding_dimension = get_embedding_dimension

cases, T = {}, {}
def case(name, make, use, label=None, options=None, teacherOf=None):
    cols = {k: (columns | even)[k] for k in use}; m = Table(cols); loss = make(m)
    feats = [{"input_ids": torch.arange(i * N, (i + 1) * N)[:, None], "attention_mask": torch.ones(N, 1, dtype=torch.long)} for i in range(len(use))]
    given = labels[label] if label else torch.stack([teacherOf[k] for k in use], 1) if teacherOf else None
    v = loss(feats, given); v.backward()
    for i, k in enumerate(use): T[f"{name}.grad.{k}"] = m.table.grad[i * N:(i + 1) * N]
    if getattr(loss, "projection", None) is not None:
        for k in ("weight", "bias"): T[f"{name}.grad.projection.{k}"] = getattr(loss.projection, k).grad
    cases[name] = {"loss": type(loss).__name__, "columns": list(use), "options": options or {}, "label": label, "teacher": None if teacherOf is None else "wide" if teacherOf is wide else "teacher", "modelNormalizes": False, "value": v.item()}

P1, P2, P3, P4 = ("anchor",), ("anchor", "positive"), ("anchor", "positive", "negative1"), ("anchor", "positive", "negative1", "negative2")
E2 = ("evenAnchor", "evenPositive")
for label in ("graded", "outOfFive", "equal", "binary"):
    case(f"cosent.{label}", lambda m: L.CoSENTLoss(m), P2, label, {"scale": 20.0}); case(f"angle.{label}", lambda m: L.AnglELoss(m), P2, label, {"scale": 20.0})
    case(f"angle.even.{label}", lambda m: L.AnglELoss(m, scale=3.0), E2, label, {"scale": 3.0})
case("cosent.dot", lambda m: L.CoSENTLoss(m, scale=1.0, similarity_fct=util.pairwise_dot_score), P2, "graded", {"scale": 1.0, "similarity_fct": "dot"})
case("angle.1neg", lambda m: L.AnglELoss(m), P3, None, {"scale": 20.0}); case("angle.2neg", lambda m: L.AnglELoss(m, scale=7.0), P4, None, {"scale": 7.0})
case("cosineSimilarity.graded", lambda m: L.CosineSimilarityLoss(m), P2, "graded")
M, S = L.TripletDistanceMetric, L.SiameseDistanceMetric
for n, f in (("cosine", M.COSINE), ("euclidean", M.EUCLIDEAN), ("manhattan", M.MANHATTAN)):
    for mg in (0.0, 0.7, 12.0): case(f"triplet.{n}.{mg}", lambda m: L.TripletLoss(m, distance_metric=f, triplet_margin=mg), P3, options={"distance_metric": n, "triplet_margin": mg})
for n, f, mg in (("cosine", S.COSINE_DISTANCE, 0.9), ("euclidean", S.EUCLIDEAN, 4.0), ("manhattan", S.MANHATTAN, 11.0)):
    for label in ("binary", "matches", "none"):
        case(f"contrastive.{n}.{label}", lambda m: L.ContrastiveLoss(m, distance_metric=f, margin=mg), P2, label, {"distance": n, "margin": mg})
        case(f"onlineContrastive.{n}.{label}", lambda m: L.OnlineContrastiveLoss(m, distance_metric=f, margin=mg), P2, label, {"distance": n, "margin": mg})
B = L.BatchHardTripletLossDistanceFunction
for n, f, mg in (("euclidean", B.euclidean_distance, 5.0), ("cosine", B.cosine_distance, 0.3)):
    for label in ("classes", "withOneAlone", "oneClass"):
        case(f"batchHard.{n}.{label}", lambda m: L.BatchHardTripletLoss(m, distance_metric=f, margin=mg), P1, label, {"distance": n, "margin": mg})
        case(f"batchHardSoft.{n}.{label}", lambda m: L.BatchHardSoftMarginTripletLoss(m, distance_metric=f), P1, label, {"distance": n})
for n in ("cosine", "mse", "l2"):
    for use in (P1, P2): case(f"embedDistill.{n}.{len(use)}", lambda m: L.EmbedDistillLoss(m, distance_metric=n), use, options={"distance_metric": n}, teacherOf=teacher)
weight, bias = rnd(W, D) / 3, 0.1 * rnd(W)
def projected(m, n):
    loss = L.EmbedDistillLoss(m, distance_metric=n, projection_dim=W).double()
    with torch.no_grad(): loss.projection.weight.copy_(weight); loss.projection.bias.copy_(bias)
    return loss
for n in ("cosine", "mse", "l2"): case(f"embedDistill.{n}.projection", lambda m: projected(m, n), P2, options={"distance_metric": n, "projection_dim": W}, teacherOf=wide)
case("mse", lambda m: L.MSELoss(m), P1, options={}, teacherOf=teacher)
case("marginMse.margins1", lambda m: L.MarginMSELoss(m), P3, "margins1"); case("marginMse.scores2", lambda m: L.MarginMSELoss(m), P3, "scores2")
case("marginMse.margins2", lambda m: L.MarginMSELoss(m), P4, "margins2"); case("marginMse.scores3", lambda m: L.MarginMSELoss(m), P4, "scores3")
case("marginMse.cosine", lambda m: L.MarginMSELoss(m, similarity_fct=util.pairwise_cos_sim), P4, "scores3", {"similarity_fct": "cosine"})
case("distillKl.2", lambda m: L.DistillKLDivLoss(m), P3, "scores2"); case("distillKl.3", lambda m: L.DistillKLDivLoss(m), P4, "scores3")
case("distillKl.cosine", lambda m: L.DistillKLDivLoss(m, similarity_fct=util.pairwise_cos_sim, temperature=0.1), P4, "scores3", {"similarity_fct": "cosine", "temperature": 0.1})
case("distillKl.two", lambda m: L.DistillKLDivLoss(m, student_temperature=0.5, teacher_temperature=2.0), P4, "scores3", {"student_temperature": 0.5, "teacher_temperature": 2.0})
Q = ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")
for mode in ("in_batch_negatives", "hard_negatives", "all_negatives"):
    for i, o in enumerate(({"directions": Q[::2], "partition_mode": "per_direction"}, {"directions": Q[:1] + Q[3:], "scale": 7.0}, {"similarity_fct": util.dot_score, "scale": 1.0})):
        opts = {k: (v.__name__ if callable(v) else v) for k, v in o.items()} | {"hardness_mode": mode, "hardness_strength": 2.5}
        case(f"mnrl.{mode}.{i}", lambda m: L.MultipleNegativesRankingLoss(m, hardness_mode=mode, hardness_strength=2.5, **o), P4, options=opts)
for i, o in enumerate(({"temperature": 0.05, "margin": 0.3, "contrast_anchors": False}, {"temperature": 0.2, "margin_strategy": "relative", "margin": 0.5, "contrast_positives": False}, {"temperature": 1.0, "margin": -0.1})):
    for use in (P2, P3): case(f"gist.{len(use)}.{i}", lambda m: L.GISTEmbedLoss(m, Table({k: guide[k] for k in use}), **o), use, options=o)
case("matryoshka.triplet.cosine.0.7", lambda m: L.MatryoshkaLoss(m, L.TripletLoss(m, distance_metric=M.COSINE, triplet_margin=0.7), matryoshka_dims=[9, 5, 2]), P3, options={"matryoshka_dims": [9, 5, 2], "matryoshka_weights": None, "base": "triplet.cosine.0.7"})
case("matryoshka.angle.even.graded", lambda m: L.MatryoshkaLoss(m, L.AnglELoss(m, scale=3.0), matryoshka_dims=[8, 3], matryoshka_weights=[1, 0.5]), E2, "graded", {"matryoshka_dims": [8, 3], "matryoshka_weights": [1, 0.5], "base": "angle.even.graded"})
case("matryoshka.onlineContrastive.cosine.binary", lambda m: L.MatryoshkaLoss(m, L.OnlineContrastiveLoss(m, margin=0.9), matryoshka_dims=[9, 4]), P2, "binary", {"matryoshka_dims": [9, 4], "matryoshka_weights": None, "base": "onlineContrastive.cosine.binary"})
case("matryoshka.gist.2.0", lambda m: L.MatryoshkaLoss(m, L.GISTEmbedLoss(m, Table({k: guide[k] for k in P2}), temperature=0.05, margin=0.3, contrast_anchors=False), matryoshka_dims=[9, 4]), P2, options={"matryoshka_dims": [9, 4], "matryoshka_weights": None, "base": "gist.2.0"})
case("matryoshka.distillKl.3", lambda m: L.MatryoshkaLoss(m, L.DistillKLDivLoss(m), matryoshka_dims=[9, 6]), P4, "scores3", {"matryoshka_dims": [9, 6], "matryoshka_weights": None, "base": "distillKl.3"})
for group, tensors in {"input": columns | even, "guide": guide, "teacher": teacher, "wide": wide, "label": labels, "projection": {"weight": weight, "bias": bias}}.items():
    for k, v in tensors.items(): T[f"{group}.{k}"] = v
save_tensors(A.out + "/tensors.safetensors", T)
write_json(A.out + "/cases.json", {"versions": versions(), "seed": A.seed, "shape": [N, D], "dtype": "float64", "cases": cases})
print(len(cases), "cases;", {n: round(c["value"], 6) for n, c in cases.items()})
