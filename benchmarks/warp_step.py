"""How fast a training step of warp paths is, against the published arithmetic: a ratio of one run.

Both train the same networks on the same generator in one process and take turns. The published step renders
both pictures with a graph and with weights that want gradients, picks support sets by a product with one-hot
masks, and has contiguous weights; ours freezes the generator, renders the first picture without a graph,
picks by index, and keeps channels last. Only ratios can be compared, and only within one run.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import _prepare  # noqa: F401 - before anything that imports torch
import torch
import torch.nn.functional as F
from torch import nn

from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.warp.reconstructor import Reconstructor
from latent_studio.methods.warp.settings import WarpSettings
from latent_studio.methods.warp.support_sets import SupportSets
from latent_studio.methods.warp.trainer import WarpTrainer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from latent_studio.generators.protocol import Generator

TARGET = 2.5
PATHS, DIPOLES, Z_DIM = 64, 128, 128
#: Channels of the published SNGANs, by side.
CHANNELS = {32: (256, 256, 256, 256), 64: (1024, 512, 256, 128, 64)}
#: How far pictures of the two may differ and still be the same arithmetic, on a scale from -1 to 1.
SAME = 1e-4


class ResidualGenerator(nn.Module):
    """SNGAN's generator as the published program builds it, with random weights: z to pictures in [-1, 1].

    Its tensors have the published program's places, so that the program's own family reads them.

    Args:
        channels: of every map, from 4 px on; one more than there are blocks.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.first = channels[0]
        self.dense = nn.Linear(Z_DIM, channels[0] * 16)
        self.blocks = nn.ModuleList(_Block(below, width) for below, width in pairwise(channels))
        self.norm, self.to_rgb = _norm(channels[-1]), nn.Conv2d(channels[-1], 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:  # noqa: D102
        x = self.dense(z).reshape(-1, self.first, 4, 4)
        for block in self.blocks:
            x = block(x)
        return torch.tanh(self.to_rgb(self.norm(x).relu()))


class _Block(nn.Module):
    def __init__(self, below: int, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = _norm(below), _norm(width)
        self.conv1, self.conv2 = nn.Conv2d(below, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.bypass = nn.Conv2d(below, width, 3, padding=1) if width != below else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv1(F.interpolate(self.norm1(x).relu(), scale_factor=2))
        inner = self.conv2(self.norm2(inner).relu())
        return inner + self.bypass(F.interpolate(x, scale_factor=2))


def _norm(channels: int) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(channels)
    norm.running_mean.normal_(std=0.1)
    norm.running_var.uniform_(0.5, 1.5)
    return norm


def own_generator(network: ResidualGenerator) -> Generator:
    """The same weights in this program's SNGAN, as it would open them from a file."""
    ends = {"running_mean": "mean", "running_var": "var"}
    tensors = {}
    for name, tensor in network.state_dict().items():
        head, _, end = name.rpartition(".")
        if end != "num_batches_tracked":
            is_gain = "norm" in head and end == "weight"
            place = re.sub(r"^blocks\.(\d+)", r"block\1", head)
            tensors[f"{place}.{'gain' if is_gain else ends.get(end, end)}"] = tensor.clone()
    return build_generator(Checkpoint("sngan", tensors, Provenance(Path("-"), "-", "-", 0, "sngan")))


class PublishedStep:
    """One iteration by the published program's arithmetic."""

    def __init__(self, network: ResidualGenerator, settings: WarpSettings) -> None:
        self._network, self._settings = network, settings
        self._sets = SupportSets(PATHS, DIPOLES, Z_DIM, learn_gammas=True)
        self._reconstructor = Reconstructor(settings.reconstructor, PATHS)
        self._optimizers = [
            torch.optim.Adam([p for p in module.parameters() if p.requires_grad], lr=1e-4)
            for module in (self._sets, self._reconstructor)
        ]

    def __call__(self) -> None:  # noqa: D102
        settings, sets = self._settings, self._sets
        z = torch.randn(settings.batch_size, Z_DIM)
        before = self._network(z)
        paths = torch.randint(PATHS, (settings.batch_size,))
        magnitudes = 0.25 + 0.2 * torch.rand(settings.batch_size)
        mask = F.one_hot(paths, PATHS).float()
        vectors = (mask @ sets.vectors.reshape(PATHS, -1)).reshape(-1, 2 * DIPOLES, Z_DIM)
        alphas, gammas = (mask @ sets.alphas)[..., None], (mask @ sets.log_gammas[:, None]).exp()[..., None]
        away = z[:, None] - vectors
        bells = (-gammas * away.norm(dim=2, keepdim=True) ** 2).exp()
        gradient = (-2 * alphas * gammas * bells * away).sum(1)
        shift = magnitudes[:, None] * gradient / gradient.norm(dim=1, keepdim=True)
        after = self._network(z + shift)
        logits, told = self._reconstructor(before, after)
        loss = F.cross_entropy(logits, paths) + 0.25 * (told - magnitudes).abs().mean()
        self._network.zero_grad()
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in self._optimizers:
            optimizer.step()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resolution", type=int, default=32, choices=list(CHANNELS), metavar="SIDE")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--reconstructor", choices=["LeNet", "ResNet"], default="LeNet")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    settings = WarpSettings(
        "z",
        PATHS,
        DIPOLES,
        learn_gammas=True,
        reconstructor=arguments.reconstructor,
        batch_size=arguments.batch_size,
    )
    network = ResidualGenerator(CHANNELS[arguments.resolution]).eval()
    generator = own_generator(network)
    apart = difference(network, generator)
    if apart > SAME:
        raise SystemExit(f"The two generators differ by {apart:.1e}: nothing can be compared.")
    steps = {
        "published": PublishedStep(network, settings),
        "ours": WarpTrainer(generator, settings).step,
        "pool": WarpTrainer(generator, replace(settings, code_pool=64)).step,
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(arguments.rounds):
        for name, step in steps.items():
            # Processor time: what other programs take of the machine does not count.
            begin = time.process_time()
            step()
            seconds[name].append(time.process_time() - begin)
    ratios = [before / now for before, now in zip(seconds["published"], seconds["ours"], strict=True)]
    before, now, pool = (statistics.median(seconds[name]) for name in steps)
    verdict = "reached" if before / now >= TARGET else "MISSED"
    print(f"SNGAN of {arguments.resolution} px, {arguments.reconstructor}, batch of {arguments.batch_size}")
    print(f"pictures of the two generators differ by at most {apart:.1e}")
    print(f"published arithmetic              {before:8.3f} s a step")
    print(f"ours, every latent drawn anew     {now:8.3f} s a step")
    print(f"ours, latents from a pool         {pool:8.3f} s a step, ratio {before / pool:.2f}")
    print(
        f"ratio  {before / now:.2f}  (rounds {min(ratios):.2f} to {max(ratios):.2f}, target {TARGET})  "
        f"{verdict}"
    )


def difference(network: ResidualGenerator, generator: Generator) -> float:
    """The largest difference between the two generators' pictures of a few latents."""
    z = torch.randn(4, Z_DIM)
    with torch.no_grad():
        return float((network(z) - generator.synthesize(generator.map(z))).abs().max())


if __name__ == "__main__":
    main()
