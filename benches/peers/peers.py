#!/usr/bin/env python3
"""Our networks beside ONNX Runtime and PyTorch on this machine's CPU, in the same run.

    peers.py BINARY [ROUNDS] [THREADS]        BINARY: target/release/deps/peers-…, built from benches/peers.rs

The contestants take turns within every round, so that whatever else the machine does meets all of them. Prints the
median of each and the median of the ratios within a round: above 1, ours is faster. Random weights of the same
shapes everywhere; denormals flushed to zero everywhere. Needs torch, transformers, onnx, onnxruntime.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import onnxruntime
import torch
from transformers import MobileViTConfig, MobileViTModel, Wav2Vec2Config, Wav2Vec2Model
from transformers.utils import logging

warnings.filterwarnings("ignore")
logging.set_verbosity_error()

BINARY = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 9
THREADS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
FRAMES, SECONDS = 8, 10
XXS = dict(hidden_sizes=[64, 80, 96], neck_hidden_sizes=[16, 16, 24, 48, 64, 80, 320], expand_ratio=2.0)
SMALL = dict(hidden_size=192, num_hidden_layers=4, num_attention_heads=4, intermediate_size=768, conv_dim=[96] * 7)

torch.set_num_threads(THREADS)
torch.set_flush_denormal(True)
torch.manual_seed(7)


class Ours:
    """The Rust side: a line with a network's name in, the seconds of one pass out."""

    def __init__(self):
        environment = dict(os.environ, RAYON_NUM_THREADS=str(THREADS))
        self.process = subprocess.Popen([BINARY, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def seconds(self, network):
        self.process.stdin.write(network + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def onnx_session(model, sample, folder, name):
    path = f"{folder}/{name}.onnx"
    torch.onnx.export(model, (sample,), path, input_names=["x"], dynamo=False, opset_version=17)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    # Idle threads that spin would take the cores from whoever's turn it is.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main():
    ours = Ours()
    networks = {
        "mobilevit_s": (MobileViTModel(MobileViTConfig()), torch.rand(FRAMES, 3, 256, 256), FRAMES, "frames/s"),
        "mobilevit_xxs": (MobileViTModel(MobileViTConfig(**XXS)), torch.rand(FRAMES, 3, 256, 256), FRAMES, "frames/s"),
        "wav2vec2_base": (Wav2Vec2Model(Wav2Vec2Config()), torch.randn(1, 16000 * SECONDS), SECONDS, "x real time"),
        "wav2vec2_small": (Wav2Vec2Model(Wav2Vec2Config(**SMALL)), torch.randn(1, 16000 * SECONDS), SECONDS, "x real time"),
    }
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        for name, (model, sample, amount, unit) in networks.items():
            model.eval()
            with torch.inference_mode(False):
                session = onnx_session(model, sample, folder, name)
            values = np.asarray(sample)
            contestants = {
                "ours": lambda: ours.seconds(name),
                "onnxruntime": lambda: timed(lambda: session.run(None, {"x": values})),
                "torch": lambda: timed(lambda: model(sample)),
            }
            for run in contestants.values():
                run()
            rounds = [{who: run() for who, run in contestants.items()} for _ in range(ROUNDS)]
            for who in contestants:
                print(f"{name:15} {who:12} {amount / statistics.median(r[who] for r in rounds):8.2f} {unit}")
            for peer in ("onnxruntime", "torch"):
                ratios = sorted(r[peer] / r["ours"] for r in rounds)
                print(f"{name:15} ours / {peer:12} {statistics.median(ratios):5.2f}   ({ratios[0]:.2f} to {ratios[-1]:.2f})", flush=True)


if __name__ == "__main__":
    main()
