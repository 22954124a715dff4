"""Opening a full-size StyleGAN2-ADA pickle and a rosinality file, against ``torch.load`` of the same numbers.

The files are made here with random weights: 1024 px, a generator of about 120 MB, its training copy and a
discriminator of that size beside it. Every reading happens in a process of its own, torch imported before the
clock starts; the peak is what the process holds above what it held then. Seconds and ratios are of one run::

    python benchmarks/load.py --repeats 5
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import _prepare  # noqa: F401 - before anything that imports torch
import torch

from latent_studio.generators.random_stylegan2 import random_checkpoint
from tests.helpers.foreign_stylegan2 import in_rosinality_names
from tests.helpers.network_pickles import Module, network_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

#: Reads a file and prints seconds, and the peak above the start in bytes.
READ = """
import sys, time
import torch
from latent_studio.checkpoints.open import open_checkpoint
def peak():
    # The rusage of a child begins with its parent's peak; this is of the program alone.
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
way, path = sys.argv[1:]
before, started = peak(), time.perf_counter()
kept = torch.load(path, weights_only=True) if way == "torch" else open_checkpoint(path)
print(time.perf_counter() - started, peak() - before)
"""

_CLASSES = {"conv0": "SynthesisLayer", "conv1": "SynthesisLayer", "torgb": "ToRGBLayer"}


def main() -> None:
    """Make the files, read them in turns, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--resolution", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    checkpoint = random_checkpoint(options.resolution)
    tensors = dict(checkpoint.tensors)
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    theirs = in_rosinality_names(checkpoint)
    # What lies beside a generator in a file of training: as much again, twice.
    beside = {name: torch.randn_like(tensor) for name, tensor in tensors.items()}
    with tempfile.TemporaryDirectory() as folder:
        ada, plain, rosinality = (Path(folder) / name for name in ("ada.pkl", "plain.pt", "rosinality.pt"))
        network = as_module(tensors, options.resolution)
        ada.write_bytes(network_file(network, G=network, D=as_module(beside, options.resolution)))
        torch.save({"G": tensors, "D": beside, "G_ema": {k: v.clone() for k, v in tensors.items()}}, plain)
        copy = {name: tensor.clone() for name, tensor in theirs.items()}
        torch.save(
            {"g": copy, "d": beside, "g_ema": theirs, "latent_avg": tensors["mapping.w_avg"]}, rosinality
        )
        print(f"generator {size / 1e6:.0f} MB")
        for name, file, reference in (("ADA pickle", ada, plain), ("rosinality", rosinality, rosinality)):
            compare(name, file, reference, generator_bytes=size, repeats=options.repeats)


def compare(name: str, file: Path, reference: Path, *, generator_bytes: int, repeats: int) -> None:
    """Read both in turns and print the medians."""
    ours, torchs = [], []
    for _ in range(repeats):
        torchs.append(read("torch", reference))
        ours.append(read("ours", file))
    seconds, peak = (statistics.median(column) for column in zip(*ours, strict=True))
    torch_seconds, torch_peak = (statistics.median(column) for column in zip(*torchs, strict=True))
    allowed = file.stat().st_size + 1.3 * generator_bytes
    print(
        f"{name}, {file.stat().st_size / 1e6:.0f} MB: {seconds:.2f} s, {seconds / torch_seconds:.2f} times "
        f"torch.load's {torch_seconds:.2f} s; peak {peak / 1e6:.0f} MB of {allowed / 1e6:.0f} MB allowed, "
        f"torch.load's {torch_peak / 1e6:.0f} MB",
        flush=True,
    )


def read(way: str, file: Path) -> tuple[float, float]:
    """Seconds, and the peak in bytes, of one reading in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", READ, way, str(file)],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def as_module(tensors: Mapping[str, Tensor], resolution: int) -> Module:
    """A generator's tensors as the objects that official pickles hold."""
    root = Module(
        "Generator",
        attributes={
            "z_dim": 512, "c_dim": 0, "w_dim": 512, "img_resolution": resolution, "img_channels": 3,
        },
    )  # fmt: skip
    for name, tensor in tensors.items():
        *way, last = name.split(".")
        place = root
        for step in way:
            place = place.modules.setdefault(step, Module(_class_of(step), attributes=_attributes_of(step)))
        kept = place.buffers if last in ("w_avg", "noise_const", "resample_filter") else place.parameters
        kept[last] = tensor.numpy()
    return root


def _class_of(step: str) -> str:
    if step == "synthesis":
        return "SynthesisNetwork"
    if step == "mapping":
        return "MappingNetwork"
    if step[0] == "b" and step[1:].isdigit():
        return "SynthesisBlock"
    return _CLASSES.get(step, "FullyConnectedLayer")


def _attributes_of(step: str) -> dict[str, object]:
    if step.startswith("fc"):
        return {"activation": "lrelu", "bias_gain": 0.01}
    if step == "affine":
        return {"activation": "linear", "bias_gain": 1}
    if step in ("conv0", "conv1"):
        return {"activation": "lrelu", "conv_clamp": None, "use_noise": True, "act_gain": 2**0.5}
    if step[0] == "b" and step[1:].isdigit():
        return {"architecture": "skip", "use_fp16": False}
    return {}


if __name__ == "__main__":
    main()
