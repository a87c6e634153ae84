#!/usr/bin/env python3
"""Every temporal head and fusion of the ablation, and the losses, in PyTorch.

    heads.py tests/parity/fixtures

The temporal heads are PyTorch's own nn.GRU, nn.LSTM and nn.TransformerEncoderLayer; attention block and MTCN are
those of temporal.py. Gives heads.weights.safetensors (a head's tensors below CASE.head), heads.stages.safetensors
(`picture`, `sound`, logits of each stage of each case) and losses.safetensors (inputs, values, gradients).
"""
import math
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

import temporal
from make_fixtures import settle

PICTURE, SOUND, WIDTH, HEADS, CLASSES = 6, 5, 8, 2, 10
HIDDEN, LAYERS, INNER = 5, 2, 12
MTCN = dict(stages=2, layers=2, filters=6, taps=3, classes=CLASSES)
STEPS = 7


class Recurrent(nn.Module):
    def __init__(self, kind, both_ways):
        super().__init__()
        self.cell = kind(WIDTH, HIDDEN, batch_first=True, bidirectional=both_ways)
        self.output = nn.Linear(HIDDEN * (2 if both_ways else 1), CLASSES)

    def forward(self, x):
        return [self.output(self.cell(x)[0])]

    def tensors(self):
        yield from self.cell.named_parameters()
        yield from self.output.named_parameters("output")


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        settings = dict(dim_feedforward=INNER, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(WIDTH, HEADS, **settings) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.output = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        step = torch.arange(x.shape[1])[:, None]
        rate = torch.exp(torch.arange(0, WIDTH, 2) * (-math.log(10_000.0) / WIDTH))
        x = x + torch.stack([torch.sin(step * rate), torch.cos(step * rate)], dim=2).flatten(1)
        for layer in self.layers:
            x = layer(x)
        return [self.output(self.norm(x))]

    def tensors(self):
        names = {
            "self_attn.out_proj": "attention.output", "norm1": "attention_norm", "norm2": "feed_forward_norm",
            "linear1": "feed_forward.inner", "linear2": "feed_forward.output",
        }
        for index, layer in enumerate(self.layers):
            for name, value in layer.named_parameters():
                module, kind = name.rsplit(".", 1)
                if module in names:
                    yield f"layers.{index}.{names[module]}.{kind}", value
                    continue
                # PyTorch keeps query, key and value in one tensor: self_attn.in_proj_weight, in_proj_bias.
                for part, rows in zip(("query", "key", "value"), value.chunk(3)):
                    yield f"layers.{index}.attention.{part}.{kind.removeprefix('in_proj_')}", rows
        yield from self.norm.named_parameters("norm")
        yield from self.output.named_parameters("output")


class Mtcn(temporal.Mtcn):
    def forward(self, x):
        return [logits.transpose(1, 2) for logits in super().forward(x.transpose(1, 2))]

    def tensors(self):
        return self.named_parameters()


KINDS = {
    "gru": lambda: Recurrent(nn.GRU, False), "bi_gru": lambda: Recurrent(nn.GRU, True),
    "lstm": lambda: Recurrent(nn.LSTM, False), "bi_lstm": lambda: Recurrent(nn.LSTM, True),
    "transformer": Transformer, "mtcn": lambda: Mtcn(WIDTH, **MTCN),
}


class Branch(nn.Module):
    def __init__(self, kind, inputs):
        super().__init__()
        self.name = "mtcn" if kind == "mtcn" else "temporal"
        self.attention = temporal.AttentionBlock(inputs, WIDTH, HEADS)
        self.head = KINDS[kind]()

    def forward(self, x):
        return self.head(self.attention(x))

    def tensors(self):
        yield from self.attention.named_parameters("attention")
        yield from ((f"{self.name}.{name}", value) for name, value in self.head.tensors())


class Head(nn.Module):
    def __init__(self, kind, fusion, normalise):
        super().__init__()
        self.fusion = fusion
        widths = {"picture_only": [PICTURE], "sound_only": [SOUND], "early": [PICTURE + SOUND], "late": [PICTURE, SOUND]}
        self.branches = nn.ModuleList(Branch(kind, width) for width in widths[fusion])
        self.norms = nn.ModuleList([nn.LayerNorm(PICTURE), nn.LayerNorm(SOUND)]) if normalise else None

    def forward(self, picture, sound):
        if self.norms is not None:
            missing = [(x == 0).all(dim=2, keepdim=True) for x in (picture, sound)]
            picture, sound = (norm(x).masked_fill(m, 0) for norm, x, m in zip(self.norms, (picture, sound), missing))
        inputs = {
            "picture_only": [picture], "sound_only": [sound], "early": [torch.cat([picture, sound], dim=2)],
            "late": [picture, sound],
        }[self.fusion]
        each = [branch(x) for branch, x in zip(self.branches, inputs)]
        return [torch.stack(stage).mean(dim=0) for stage in zip(*each)]

    def tensors(self):
        names = ["picture.", "sound."] if self.fusion == "late" else [""]
        for name, branch in zip(names, self.branches):
            yield from ((name + key, value) for key, value in branch.tensors())
        if self.norms is not None:
            yield from self.norms[0].named_parameters("picture_norm")
            yield from self.norms[1].named_parameters("sound_norm")


def heads(folder):
    # Pictures on another scale than sound; a stretch of each is missing.
    picture, sound = 20 * torch.randn(2, STEPS, PICTURE) + 5, 0.1 * torch.randn(2, STEPS, SOUND)
    picture[0, 5:], sound[1, :3] = 0, 0
    weights, stages = {}, {"picture": picture, "sound": sound}
    cases = [(kind, "early", True) for kind in KINDS]
    cases += [("gru", fusion, False) for fusion in ("picture_only", "sound_only", "early", "late")]
    cases += [("mtcn", "late", False)]
    for kind, fusion, normalise in cases:
        case = f"{kind}-{fusion}" + ("-normalised" if normalise else "")
        model = settle(Head(kind, fusion, normalise), 1.2)
        weights |= {f"{case}.head.{name}": value.detach().contiguous() for name, value in model.tensors()}
        assert sum(value.numel() for value in model.parameters()) == sum(value.numel() for _, value in model.tensors())
        with torch.no_grad():
            for index, logits in enumerate(model(picture, sound)):
                stages[f"{case}.{index}"] = logits.contiguous()
    save_file(weights, folder / "heads.weights.safetensors")
    save_file(stages, folder / "heads.stages.safetensors")


def step_loss(stages, labels, weights, class_weights, smoothing):
    """MS-TCN's loss; the smoothness term over neighbours that both count."""
    total = 0
    for logits in stages:
        each = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), class_weights, reduction="none", label_smoothing=smoothing)
        total = total + (each * weights.flatten()).sum() / (weights * class_weights[labels]).sum()
        log_p = F.log_softmax(logits, dim=2)
        rough = torch.clamp((log_p[:, 1:] - log_p.detach()[:, :-1]) ** 2, min=0, max=16)
        total = total + 0.15 * rough[(weights[:, 1:] > 0) & (weights[:, :-1] > 0)].mean()
    return total


def losses(folder):
    # Logits so far apart that some squared differences pass 16.
    stages = [(3 * torch.randn(3, 6, CLASSES)).requires_grad_() for _ in range(2)]
    labels, class_weights = torch.randint(CLASSES, (3, 6)), 0.2 + torch.rand(CLASSES)
    step_weights = torch.rand(3, 6) + 0.1
    step_weights[0, 4:], step_weights[2, 2] = 0, 0
    clips, clip_labels = torch.randn(5, CLASSES).requires_grad_(), torch.randint(CLASSES, (5,))
    student, teacher = torch.randn(4, 3, 8).requires_grad_(), torch.randn(4, 3, 8)
    tags, scores = (6 * torch.randn(4, 9)).requires_grad_(), torch.sigmoid(3 * torch.randn(4, 9))
    tensors = {
        "stages.0": stages[0], "stages.1": stages[1], "labels": labels.to(torch.uint32), "class_weights": class_weights,
        "step_weights": step_weights, "clips": clips, "clip_labels": clip_labels.to(torch.uint32),
        "student": student, "teacher": teacher, "tags": tags, "scores": scores,
    }

    def record(name, loss, inputs):
        tensors[f"{name}.value"] = loss
        for index, gradient in enumerate(torch.autograd.grad(loss, inputs)):
            tensors[f"{name}.gradient.{index}"] = gradient

    even = torch.ones(CLASSES)
    record("multi_stage", step_loss(stages, labels, torch.ones(3, 6), even, 0.0), stages)
    record("multi_stage_weighted", step_loss(stages, labels, step_weights, class_weights, 0.1), stages)
    record("clip", F.cross_entropy(clips, clip_labels), [clips])
    record("clip_weighted", F.cross_entropy(clips, clip_labels, class_weights, label_smoothing=0.1), [clips])
    record("soft_binary", F.binary_cross_entropy_with_logits(tags, scores), [tags])
    record("cosine", (1 - F.cosine_similarity(student, teacher, dim=2)).mean(), [student])
    save_file({name: value.detach().contiguous() for name, value in tensors.items()}, folder / "losses.safetensors")


if __name__ == "__main__":
    torch.manual_seed(11)
    heads(Path(sys.argv[1]))
    losses(Path(sys.argv[1]))
