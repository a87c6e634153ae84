"""Two files as PyTorch writes them: tensors alone, and one that asks for a command to be run when it is loaded.

    python tests/pickle/make_fixtures.py tests/pickle
"""

import os
import sys

import torch


class Command:
    def __reduce__(self):
        return os.system, ("touch /tmp/a-pickle-was-run",)


def main(folder):
    tensors = {
        "network.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        # Not contiguous: PyTorch stores the strides and leaves the numbers where they are.
        "network.turned": torch.arange(6, dtype=torch.float32).reshape(2, 3).t(),
        "network.half": torch.tensor([0.5, -2.0], dtype=torch.float16),
    }
    torch.save(tensors, os.path.join(folder, "tensors.bin"))
    torch.save({"network.weight": tensors["network.weight"], "network.trap": Command()}, os.path.join(folder, "trap.bin"))


if __name__ == "__main__":
    main(sys.argv[1])
