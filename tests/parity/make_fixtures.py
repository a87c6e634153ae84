#!/usr/bin/env python3
"""Weights, inputs and every stage's output of the reference networks, as safetensors.

    make_fixtures.py tiny tests/parity/fixtures     the committed fixtures: tiny shapes of the same networks
    make_fixtures.py full DIR                       MobileViT S, XS, XXS and Wav2Vec2-base, random weights, 0.5 GB

Each network gives NAME.weights.safetensors (upstream tensor names) and NAME.stages.safetensors (`input`, then one
tensor a stage). Weights are random: parity is about arithmetic, not about what was learned. Batch norms get random
statistics, or folding them would go untested. Needs torch, transformers, safetensors.
"""
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import MobileViTConfig, MobileViTForImageClassification, Wav2Vec2Config, Wav2Vec2Model

import temporal


def settle(model, gain):
    """Random weights of a size that keeps every stage alive, random norms."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "original0" not in name:
                fan_in = parameter[0].numel()
                parameter.copy_(torch.randn_like(parameter) * gain / fan_in**0.5)
            elif name.endswith("bias"):
                parameter.copy_(torch.randn_like(parameter) * 0.1)
            elif "norm" in name:
                parameter.copy_(0.8 + 0.4 * torch.rand_like(parameter))
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def save(folder, name, weights, stages):
    # Batch counters are integers that no inference reads.
    weights = {key: value.contiguous() for key, value in weights.items() if value.is_floating_point()}
    save_file(weights, folder / f"{name}.weights.safetensors")
    save_file({key: value.detach().float().contiguous() for key, value in stages.items()}, folder / f"{name}.stages.safetensors")


def mobilevit(folder, name, size, settings, batch=1):
    model = settle(MobileViTForImageClassification(MobileViTConfig(**settings)), 1.4)
    pictures = torch.rand(batch, 3, *size)
    stages = {"input": pictures}
    body = model.mobilevit
    body.conv_stem.register_forward_hook(lambda _m, _i, out: stages.__setitem__("stem", out))
    body.conv_1x1_exp.register_forward_hook(lambda _m, _i, out: stages.__setitem__("conv_1x1_exp", out))
    with torch.inference_mode():
        out = body(pictures, output_hidden_states=True)
        for index, hidden in enumerate(out.hidden_states):
            stages[f"layer.{index}"] = hidden
        stages["pooled"] = out.pooler_output
        stages["logits"] = model(pictures).logits
    # Ours are channels-last.
    stages = {key: value.permute(0, 2, 3, 1) if value.dim() == 4 else value for key, value in stages.items()}
    save(folder, name, model.state_dict(), stages)


def wav2vec2(folder, name, samples, settings, older_spelling, batch=1):
    model = settle(Wav2Vec2Model(Wav2Vec2Config(**settings)), 1.4)
    wave = torch.randn(batch, samples)
    stages = {"input": wave}
    for index, layer in enumerate(model.feature_extractor.conv_layers):
        layer.register_forward_hook(lambda _m, _i, out, index=index: stages.__setitem__(f"conv.{index}", out.transpose(1, 2)))
    model.feature_projection.register_forward_hook(lambda _m, _i, out: stages.__setitem__("projected", out[0]))
    with torch.inference_mode():
        out = model(wave, output_hidden_states=True)
    for index, hidden in enumerate(out.hidden_states):
        stages[f"hidden.{index}"] = hidden
    weights = {f"wav2vec2.{key}": value for key, value in model.state_dict().items()}
    assert any("parametrizations.weight.original0" in key for key in weights)
    if older_spelling:
        at = "parametrizations.weight.original"
        weights = {key.replace(at + "0", "weight_g").replace(at + "1", "weight_v"): value for key, value in weights.items()}
    save(folder, name, weights, stages)


def head(folder, name, taps):
    settings = dict(inputs=24, width=16, heads=2, stages=3, layers=3, filters=8, taps=taps, classes=10)
    model = settle(temporal.Head(**settings), 1.2)
    fused = torch.randn(2, 10, settings["inputs"])
    stages = {"input": fused}
    with torch.inference_mode():
        stages["attention"], logits = model(fused)
    for index, value in enumerate(logits):
        stages[f"logits.{index}"] = value
    save(folder, name, {f"head.{key}": value for key, value in model.state_dict().items()}, stages)


TINY_VIT = dict(
    hidden_sizes=[8, 12, 16], neck_hidden_sizes=[4, 4, 8, 8, 12, 12, 24], expand_ratio=2.0, num_labels=5,
    num_attention_heads=2,
)
TINY_SOUND = dict(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, conv_dim=[8] * 7,
    num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4,
)
XS = dict(hidden_sizes=[96, 120, 144], neck_hidden_sizes=[16, 32, 48, 64, 80, 96, 384], expand_ratio=4.0)
XXS = dict(hidden_sizes=[64, 80, 96], neck_hidden_sizes=[16, 16, 24, 48, 64, 80, 320], expand_ratio=2.0)


def main():
    kind, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    if kind == "tiny":
        # 64 x 64 divides by the patch everywhere; 72 x 40 nowhere on the last map, and is not square.
        mobilevit(folder, "vit_64x64", (64, 64), TINY_VIT)
        mobilevit(folder, "vit_72x40", (72, 40), TINY_VIT, batch=2)
        wav2vec2(folder, "sound_newer", 4000, TINY_SOUND, older_spelling=False)
        wav2vec2(folder, "sound_older", 3500, TINY_SOUND, older_spelling=True, batch=2)
        head(folder, "head_3_taps", 3)
        head(folder, "head_2_taps", 2)
    elif kind == "full":
        mobilevit(folder, "mobilevit_s", (256, 256), dict(num_labels=1000), batch=2)
        mobilevit(folder, "mobilevit_xs", (256, 256), dict(num_labels=1000, **XS))
        mobilevit(folder, "mobilevit_xxs", (256, 256), dict(num_labels=1000, **XXS))
        mobilevit(folder, "mobilevit_xxs_wide", (240, 432), dict(num_labels=1000, **XXS))
        wav2vec2(folder, "wav2vec2_base", 48000, {}, older_spelling=False)
        wav2vec2(folder, "wav2vec2_base_older", 16000, {}, older_spelling=True)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
