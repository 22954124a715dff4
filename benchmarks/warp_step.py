"""How fast a training step of warp paths is, against the published arithmetic: a ratio of one run.

Both train the same networks on the same generator in one process and take turns. The published step renders
both pictures with a graph and with weights that want gradients, picks support sets by a product with one-hot
masks, and has contiguous weights; ours freezes the generator, renders the first picture without a graph,
picks by index, and keeps channels last. Only ratios can be compared, and only within one run.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import _prepare  # noqa: F401 - before anything that imports torch
import torch
import torch.nn.functional as F
from torch import nn

from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.protocol import Features
from latent_studio.methods.warp.reconstructor import Reconstructor
from latent_studio.methods.warp.settings import WarpSettings
from latent_studio.methods.warp.support_sets import SupportSets
from latent_studio.methods.warp.trainer import WarpTrainer

if TYPE_CHECKING:
    from torch import Tensor

TARGET = 2.5
PATHS, DIPOLES, Z_DIM = 64, 128, 128


class ResidualGenerator(nn.Module):
    """A generator of residual blocks as SNGAN has them, with random weights: z to pictures in [-1, 1]."""

    def __init__(self, resolution: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.start = nn.Linear(Z_DIM, width * 16)
        blocks = []
        side = 4
        while side < resolution:
            blocks.append(_Block(width))
            side *= 2
        self.blocks = nn.Sequential(*blocks)
        self.norm, self.to_rgb = nn.BatchNorm2d(width), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:  # noqa: D102
        x = self.start(z).reshape(-1, self.width, 4, 4)
        return torch.tanh(self.to_rgb(self.norm(self.blocks(x)).relu()))


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.skip = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        up = F.interpolate(self.norm1(x).relu(), scale_factor=2)
        inner = self.conv2(self.norm2(self.conv1(up)).relu())
        return inner + self.skip(F.interpolate(x, scale_factor=2))


class FrozenGenerator:
    """The same network as the rest of the program sees generators: one stage, no noise, weights at rest."""

    w_avg = torch.zeros(Z_DIM)
    device = torch.device("cpu")

    def __init__(self, network: ResidualGenerator, resolution: int) -> None:
        self._network = network.requires_grad_(False).to(memory_format=torch.channels_last)
        self.spec = GeneratorSpec("sngan", resolution, 3, Z_DIM, Z_DIM, 1, has_mapping=False)
        self.stages = (self,)
        self.resolution, self.num_rows, self.has_preview = resolution, 1, True

    def map(self, z: Tensor, c: Tensor | None = None, **truncation: object) -> Tensor:  # noqa: D102
        return z[:, None]

    def noise_maps(self, mode: str) -> tuple[()]:  # noqa: D102
        return ()

    def run(self, below: object, rgb: object, ws: Tensor, noise: object) -> Features:  # noqa: D102
        return Features(self._network(ws[:, 0]), None)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor:  # noqa: D102
        return features.x


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
    parser.add_argument("--resolution", type=int, default=32, metavar="SIDE")
    parser.add_argument("--width", type=int, default=256, help="channels of the generator")
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
    networks = [ResidualGenerator(arguments.resolution, arguments.width).eval() for _ in range(2)]
    networks[1].load_state_dict(networks[0].state_dict())
    published = PublishedStep(networks[0], settings)
    frozen = FrozenGenerator(networks[1], arguments.resolution)
    trainer = WarpTrainer(frozen, settings)
    pooled = WarpTrainer(frozen, replace(settings, code_pool=64))
    steps = {"published": published, "ours": trainer.step, "ours, pool": pooled.step}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(arguments.rounds):
        for name, step in steps.items():
            # Processor time: what other programs take of the machine does not count.
            begin = time.process_time()
            step()
            seconds[name].append(time.process_time() - begin)
    before, now, pool = (statistics.median(seconds[name]) for name in steps)
    print(f"{arguments.resolution} px, {arguments.reconstructor}, batch of {arguments.batch_size}")
    print(f"published arithmetic  {before:8.3f} s a step")
    print(f"ours                  {now:8.3f} s a step")
    print(f"ours, latents of a pool rendered once  {pool:.3f} s a step, ratio {before / pool:.2f}")
    verdict = "reached" if before / now >= TARGET else "MISSED"
    print(f"ratio                 {before / now:8.2f}   (target {TARGET})  {verdict}")


if __name__ == "__main__":
    main()
