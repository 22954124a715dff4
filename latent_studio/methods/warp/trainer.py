"""WarpTrainer: the state of one training of warp paths, and its step.

The generator is frozen and the unshifted picture is rendered without a graph: gradients flow to the support
sets through the shifted picture alone. Both are what the loss needs and no more; the published program builds
graphs for both pictures and gradients for all of the generator's weights, and throws them away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from latent_studio.core.errors import InputError, ModelError, OptionError
from latent_studio.methods.warp.draws import draw_batch, draw_latents
from latent_studio.methods.warp.joined import Crew
from latent_studio.methods.warp.pictures import render_small
from latent_studio.methods.warp.reconstructor import Reconstructor
from latent_studio.methods.warp.starts import independent_components, principal_components
from latent_studio.methods.warp.support_sets import SupportSets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latent_studio.generators.protocol import Generator
    from latent_studio.methods.warp.draws import Batch
    from latent_studio.methods.warp.settings import WarpSettings

    Tensor = torch.Tensor

#: Weight of the past in each path's running accuracy; about fifty batches are remembered.
_MEMORY = 0.98
#: Latents drawn to find their components.
_COMPONENT_SAMPLES = 20_000
#: Pictures of the pool rendered at once.
_POOL_CHUNK = 16


@dataclass(frozen=True, slots=True)
class StepStats:
    """One step's results, or their mean over several steps.

    Attributes:
        accuracy: share of pairs whose path was told, 0 to 1.
        classification_loss: cross-entropy in nats; log K when nothing is known.
        regression_loss: mean absolute error of the magnitude.
        total_loss: the two weighted.
    """

    accuracy: float
    classification_loss: float
    regression_loss: float
    total_loss: float


class WarpTrainer:
    """One training: networks, optimiser, random state and statistics.

    Args:
        generator: frozen; on the device to train on.
        settings: checked against the generator.
        crew: the processes that train together.

    Raises:
        OptionError: the settings do not fit the model, or the batch not the number of processes.
    """

    def __init__(self, generator: Generator, settings: WarpSettings, *, crew: Crew | None = None) -> None:
        settings.check(generator.spec)
        self.generator, self.settings = generator, settings
        self.crew = crew or Crew()
        if settings.batch_size % self.crew.size or settings.batch_size < 2 * self.crew.size:
            raise OptionError(
                "--batch-size",
                f"--batch-size is {settings.batch_size}, but must be a multiple of the {self.crew.size} "
                "processes that share it, with at least 2 for each.",
            )
        spec, device = generator.spec, generator.device
        self.iteration = 0
        self.rng = torch.Generator().manual_seed(settings.seed)
        self.support_sets = SupportSets(
            settings.support_sets,
            settings.dipoles,
            settings.dim(spec),
            gamma=settings.gamma,
            learn_alphas=settings.learn_alphas,
            learn_gammas=settings.learn_gammas,
            rng=self.rng,
        ).to(device)
        if settings.start != "random":
            self.support_sets.point_along(*self._components())
        # channels_last: convolutions of PyTorch on CPUs take this memory format without copies.
        self.reconstructor = Reconstructor(
            settings.reconstructor, settings.support_sets, channels=spec.channels, rng=self.rng
        ).to(device)
        self.reconstructor.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(
            [
                {"params": _learned(self.support_sets), "lr": settings.support_set_lr},
                {"params": _learned(self.reconstructor), "lr": settings.reconstructor_lr},
            ]
        )
        # (K, num_ws, 1): the rows that each path moves; None where all move all.
        self._moves: Tensor | None = _moves(settings, spec.num_ws, device) if settings.rows else None
        self._compared: nn.Module = _Comparison(
            self.support_sets, self.reconstructor, self.render_moved, settings
        )
        if self.crew.size > 1:
            self._compared = nn.parallel.DistributedDataParallel(self._compared, broadcast_buffers=False)
        self._pool: tuple[Tensor, Tensor | None, Tensor] | None = None
        self._sums = torch.zeros(4, dtype=torch.float64)
        self._steps = 0
        # (2, K): how often each path came up and was told, both fading.
        self._paths = torch.zeros(2, settings.support_sets, dtype=torch.float64)

    def prepare_pool(self, report: Callable[[float], None]) -> None:
        """Render the pool of latents, if the settings ask for one; the seed decides which.

        Args:
            report: told the fraction done now and then; may raise to stop.
        """
        settings, spec = self.settings, self.generator.spec
        if not settings.code_pool or self._pool is not None:
            return
        rng = torch.Generator().manual_seed(settings.seed)
        z, labels = draw_latents(settings, spec, rng, count=settings.code_pool)
        latents, pictures = [], []
        with torch.no_grad():
            for start in range(0, settings.code_pool, _POOL_CHUNK):
                report(start / settings.code_pool)
                part = slice(start, start + _POOL_CHUNK)
                c = None if labels is None else labels[part]
                latents.append(self.start_latents(z[part], c))
                pictures.append(self.render(latents[-1], c))
        self._pool = torch.cat(latents), labels, torch.cat(pictures)

    def step(self) -> StepStats:
        """One iteration.

        Raises:
            ModelError: the loss is no number; nothing was changed by this step.
        """
        self.prepare_pool(lambda _done: None)
        batch = draw_batch(self.settings, self.generator.spec, self.rng)[
            self.crew.share(self.settings.batch_size)
        ]
        device = self.generator.device
        latents, labels, before = self._unshifted(batch)
        path_idx, magnitudes = batch.path_idx.to(device), batch.magnitudes.to(device)
        self.reconstructor.train()
        self.optimizer.zero_grad(set_to_none=True)
        losses, is_right = self._compared(latents, labels, before, path_idx, magnitudes)
        measured = torch.stack([is_right.float().mean(), *losses.detach()]).double().cpu()
        measured = self.crew.mean(measured)
        if not bool(torch.isfinite(measured).all()):
            raise ModelError(f"The loss is not a number in iteration {self.iteration + 1}.")
        losses[-1].backward()
        self.optimizer.step()
        self.iteration += 1
        self._count(batch.path_idx, is_right.cpu(), measured)
        return StepStats(*(float(value) for value in measured))

    @property
    def path_accuracy(self) -> tuple[float, ...]:
        """Share of pairs told, path by path, lately; NaN for a path that has not come up yet."""
        seen, right = self._paths
        return tuple(float(r / s) if s > 0 else math.nan for s, r in zip(seen, right, strict=True))

    def take_stats(self) -> StepStats:
        """The mean over the steps since this was last asked; at least one."""
        mean = self._sums / max(1, self._steps)
        self._sums = torch.zeros_like(self._sums)
        self._steps = 0
        return StepStats(*(float(value) for value in mean))

    def is_finite(self) -> bool:
        """Whether every number learned so far is one."""
        modules = (self.support_sets, self.reconstructor)
        return all(bool(torch.isfinite(p).all()) for module in modules for p in module.parameters())

    def state(self) -> dict[str, Tensor]:
        """Everything that a training goes on from bit by bit: contiguous CPU tensors by name."""
        tensors = {
            "iteration": torch.tensor(self.iteration),
            "rng": self.rng.get_state(),
            "stats.sums": self._sums,
            "stats.steps": torch.tensor(self._steps),
            "stats.paths": self._paths,
        }
        for name, module in self._modules():
            tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
        return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what ``state`` gave.

        Raises:
            InputError: it is not the state of a training with these settings.
        """
        try:
            for name, module in self._modules():
                head = f"{name}."
                module.load_state_dict(
                    {key.removeprefix(head): value for key, value in tensors.items() if key.startswith(head)}
                )
            whole = self.optimizer.state_dict()
            whole["state"] = _optimizer_state(tensors)
            self.optimizer.load_state_dict(whole)
            self.rng.set_state(tensors["rng"])
            self.iteration = int(tensors["iteration"])
            self._sums, self._steps = tensors["stats.sums"].clone(), int(tensors["stats.steps"])
            self._paths = tensors["stats.paths"].clone()
        except (KeyError, RuntimeError, ValueError) as error:
            raise InputError(
                "The checkpoint does not belong to a training with these settings.",
                hint="Resume it with the settings in its own args.json, or start a new training.",
            ) from error

    def _components(self) -> tuple[Tensor, Tensor]:
        """The first K components of latents as drawn, ``(K, dim)`` of length one; the latents' mean."""
        settings, count = self.settings, self.settings.support_sets
        z, labels = draw_latents(settings, self.generator.spec, self.rng, count=_COMPONENT_SAMPLES)
        with torch.no_grad():
            latents = self.start_latents(z, labels).double().cpu()
        found = []
        for rows, paths in settings.row_groups or ((None, count),):
            seen = None if rows is None else _seen_by(self.generator, rows)
            if settings.start == "independent":
                found.append(independent_components(latents, paths, self.rng, seen=seen))
            else:
                found.append(principal_components(latents, paths, seen=seen))
        return torch.cat(found), latents.mean(0).float()

    def _modules(self) -> tuple[tuple[str, nn.Module], ...]:
        return ("support_sets", self.support_sets), ("reconstructor", self.reconstructor)

    def start_latents(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """The latents to shift, ``(N, dim)``: z itself, or the first row of truncated ws."""
        z = z.to(self.generator.device)
        if self.settings.space == "z":
            return z
        # Every row is the same before an edit, but those a cutoff leaves alone; there is none here.
        return self.generator.map(z, labels, truncation_psi=self.settings.truncation_psi)[:, 0].contiguous()

    def render(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """``(N, C, side, side)`` pictures of latents of the space, at the size that is compared."""
        if self.settings.space == "z":
            return self._render_ws(
                self.generator.map(latents, labels, truncation_psi=self.settings.truncation_psi)
            )
        return self._render_ws(latents[:, None].expand(-1, self.generator.spec.num_ws, -1))

    def render_moved(self, start: Tensor, end: Tensor, labels: Tensor | None, path_idx: Tensor) -> Tensor:
        """Pictures after moves along paths: of the ends, but for rows that a path does not move.

        Args:
            start: ``(N, dim)`` latents.
            end: ``(N, dim)``, where the moves led.
            labels: as for ``render``.
            path_idx: ``(N,)`` int64, along which each was moved.
        """
        if self._moves is None:
            return self.render(end, labels)
        return self._render_ws(start[:, None] + (end - start)[:, None] * self._moves[path_idx])

    def _render_ws(self, ws: Tensor) -> Tensor:
        side = self.settings.picture_size or self.generator.spec.resolution
        return render_small(self.generator, ws, side).contiguous(memory_format=torch.channels_last)

    def _unshifted(self, batch: Batch) -> tuple[Tensor, Tensor | None, Tensor]:
        with torch.no_grad():
            if batch.pool_idx is not None and self._pool is not None:
                latents, labels, pictures = self._pool
                idx = batch.pool_idx
                return latents[idx], None if labels is None else labels[idx], pictures[idx]
            latents = self.start_latents(batch.z, batch.labels)
            return latents, batch.labels, self.render(latents, batch.labels)

    def _count(self, path_idx: Tensor, is_right: Tensor, measured: Tensor) -> None:
        counts = torch.zeros_like(self._paths)
        counts[0].index_add_(0, path_idx, torch.ones(len(path_idx), dtype=torch.float64))
        counts[1].index_add_(0, path_idx, is_right.double())
        self._paths = _MEMORY * self._paths + self.crew.mean(counts) * self.crew.size
        self._sums += measured
        self._steps += 1


class _Comparison(nn.Module):
    """What the losses come from; one module, so that several processes can average its gradients."""

    def __init__(
        self,
        support_sets: SupportSets,
        reconstructor: Reconstructor,
        render: Callable[[Tensor, Tensor, Tensor | None, Tensor], Tensor],
        settings: WarpSettings,
    ) -> None:
        super().__init__()
        self.support_sets, self.reconstructor = support_sets, reconstructor
        self._render, self._settings = render, settings

    def forward(
        self, latents: Tensor, labels: Tensor | None, before: Tensor, path_idx: Tensor, magnitudes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """``(3,)`` losses: classification, regression, total; and ``(N,)`` bool: whether a path was told."""
        shifts = magnitudes[:, None] * self.support_sets(latents, path_idx)
        after = self._render(latents, latents + shifts, labels, path_idx)
        logits, told = self.reconstructor(before, after)
        classification = F.cross_entropy(logits, path_idx)
        regression = (told - magnitudes).abs().mean()
        total = self._settings.lambda_cls * classification + self._settings.lambda_reg * regression
        return torch.stack([classification, regression, total]), logits.detach().argmax(1) == path_idx


def _moves(settings: WarpSettings, num_ws: int, device: torch.device) -> Tensor:
    """``(K, num_ws, 1)`` float32: 1 where a path moves a row."""
    moves = torch.zeros(settings.support_sets, num_ws, 1)
    for k, rows in enumerate(settings.rows_of_paths()):
        moves[k, range(num_ws) if rows is None else list(rows)] = 1.0
    return moves.to(device)


def _seen_by(generator: Generator, rows: tuple[int, ...]) -> Tensor | None:
    """``(S, dim)``: what the layers of some rows make of w, each as loud as the others; None without any."""
    weights = [one.weight.detach().double().cpu() for one in generator.style_weights() if one.row in rows]
    return torch.cat([one / one.norm().clamp_min(1e-30) for one in weights]) if weights else None


def _learned(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def _optimizer_state(tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".")
            states.setdefault(int(index), {})[key] = tensor.clone()
    return states
