"""Training in data-parallel processes of one thread each, resumable at any step.

Two processes that meet once per step are faster on a desktop processor than one with two threads, which meet
in every layer, and they suffer far less from other programs. Parameters live in shared memory: the first
process steps the optimiser, the others see the result.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
import torch.multiprocessing as multiprocessing
from torch import Tensor

from tools.portraits.batches import BatchPlan, make_batch, training_loss
from tools.portraits.latents import latent_code
from tools.portraits.network import Generator, Shape

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

_AVERAGE_PACE = 0.02
#: Steps that the average of w of an exported model is worth.
_KNOWN_AVERAGE = 1000


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of training at one resolution.

    Attributes:
        resolution: side of the pictures in pixels.
        steps: optimiser steps.
        rate: learning rate at its start; it falls as a cosine.
        final_rate: learning rate at its end.
    """

    resolution: int
    steps: int
    rate: float = 2e-3
    final_rate: float = 4e-4


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the outcome of a training.

    Attributes:
        shape: sizes of the network.
        phases: stretches of training, one after another.
        batch: pairs of pictures per process and step.
        processes: how many work in parallel.
        seed: of weights and examples.
        truncated_share: see :class:`tools.portraits.batches.BatchPlan`.
        gentle_pose_steps: steps over which the pose grows from 0.4 to its full range.
        average_decay: of the running average of the weights, which is what is exported.
    """

    shape: Shape = field(default_factory=Shape)
    phases: tuple[Phase, ...] = (
        Phase(64, 12_000, 4e-3, 1e-3),
        Phase(128, 8_000, 3e-3, 1e-3),
        Phase(256, 8_000, 2e-3, 1e-4),
    )
    batch: int = 3
    processes: int = 2
    seed: int = 0
    truncated_share: float = 0.2
    gentle_pose_steps: int = 1500
    average_decay: float = 0.99

    @property
    def total_steps(self) -> int:
        """Steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    @staticmethod
    def from_json(text: str) -> Recipe:
        """The recipe that a checkpoint was made with."""
        fields = json.loads(text)
        shape = fields.pop("shape")
        phases = tuple(Phase(**phase) for phase in fields.pop("phases"))
        return Recipe(
            shape=Shape(**(shape | {"channels": tuple(shape["channels"])})), phases=phases, **fields
        )

    def at(self, step: int) -> tuple[Phase, float]:
        """The phase that ``step`` is in, and the learning rate there."""
        for phase in self.phases:
            if step < phase.steps:
                share = step / phase.steps
                cosine = 0.5 * (1.0 + math.cos(math.pi * share))
                warm = min(1.0, (step + 1) / 50)
                return phase, warm * (phase.final_rate + (phase.rate - phase.final_rate) * cosine)
            step -= phase.steps
        return self.phases[-1], self.phases[-1].final_rate


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known after a step.

    Attributes:
        step: steps done.
        resolution: of this step.
        loss: of the first process's share, averaged over recent steps.
        rate: learning rate.
        seconds: since this run of the trainer began.
    """

    step: int
    resolution: int
    loss: float
    rate: float
    seconds: float


class Trainer:
    """Owns the shared weights, their running average, the optimiser, and the processes that work on them."""

    def __init__(self, recipe: Recipe, folder: Path, *, start: Generator | None = None) -> None:
        """Go on from ``folder``'s checkpoint when it has one, else begin with ``start``, else afresh.

        Raises:
            ValueError: the checkpoint or ``start`` is a network of another shape.
        """
        self.recipe = recipe
        self.step = 0
        #: Steps that the average of w stands for already.
        self._averaged = 0
        self._folder = folder
        torch.manual_seed(recipe.seed)
        self.network = _network(recipe)
        self.average = _network(recipe)
        if start is not None:
            if start.shape != recipe.shape:
                raise ValueError(f"the network to start from has {start.shape}, the recipe {recipe.shape}")
            for network in (self.network, self.average):
                network.load_state_dict(start.state_dict())
            self._averaged = _KNOWN_AVERAGE
        self._weights = _flatten(self.network)
        self._average = _flatten(self.average)
        self._average.copy_(self._weights)
        self._gradients = _shared(torch.zeros(recipe.processes, self._weights.numel()))
        # The step to do, and its resolution.
        self._orders = _shared(torch.zeros(2, dtype=torch.int64))
        self._free = torch.cat(
            [self.network.free(name, value).flatten() for name, value in self.network.named_parameters()]
        )
        self._master = torch.nn.Parameter(self._weights)
        self._optimizer = torch.optim.Adam([self._master], lr=1e-3, betas=(0.9, 0.99), fused=True)
        if self.checkpoint.is_file():
            self._load()

    @property
    def checkpoint(self) -> Path:
        """Where the state is kept."""
        return self._folder / "checkpoint.pt"

    def run(self, report: Callable[[Progress], None], *, last_step: int | None = None) -> None:
        """Train to the recipe's end, or to ``last_step``; ``report`` is called after every step."""
        end = self.recipe.total_steps if last_step is None else min(last_step, self.recipe.total_steps)
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(self.recipe.processes)
        partners = [
            context.Process(
                target=_assist, args=(self.recipe, rank, self._weights, self.network.mapping.w_avg,
                                    self._gradients, self._orders, barrier), daemon=True,
            )
            for rank in range(1, self.recipe.processes)
        ]  # fmt: skip
        for partner in partners:
            partner.start()
        (self._folder / "pid").write_text(
            "\n".join(str(p) for p in [os.getpid(), *(p.pid for p in partners)])
        )
        worker = _Worker(self.recipe, self.network, 0, self._gradients)
        started, smooth_loss = time.monotonic(), math.nan
        try:
            while self.step < end:
                phase, rate = self.recipe.at(self.step)
                self._orders[0], self._orders[1] = self.step, phase.resolution
                barrier.wait()
                loss, w = worker.accumulate(self.step, phase.resolution)
                barrier.wait()
                self._advance(rate, w)
                smooth_loss = loss if math.isnan(smooth_loss) else 0.98 * smooth_loss + 0.02 * loss
                report(Progress(self.step, phase.resolution, smooth_loss, rate, time.monotonic() - started))
        finally:
            # Partners that wait for another step are told that there is none.
            barrier.abort()
            for partner in partners:
                partner.join(timeout=10)

    def _advance(self, rate: float, w: Tensor) -> None:
        gradient = self._gradients.mean(dim=0)
        # One unlucky batch must not throw the weights away.
        norm = gradient.norm().item()
        if not math.isfinite(norm):
            raise FloatingPointError(f"the gradient of step {self.step} is not finite")
        self._master.grad = gradient * (self._free * min(1.0, 1.0 / (norm + 1e-6)))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self.step += 1
        decay = min(self.recipe.average_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            self._average.lerp_(self._weights, 1.0 - decay)
            for network in (self.network, self.average):
                network.mapping.w_avg.lerp_(
                    w.mean(dim=0), max(_AVERAGE_PACE / 10, 1.0 / (self.step + self._averaged))
                )

    def save(self) -> None:
        """Write the checkpoint; an interruption leaves the previous one whole."""
        part = self.checkpoint.with_suffix(".part")
        state = {
            "recipe": json.dumps(dataclasses.asdict(self.recipe)),
            "step": self.step,
            "weights": self._weights,
            "average": self._average,
            "w_avg": self.network.mapping.w_avg,
            "optimizer": self._optimizer.state_dict(),
        }
        torch.save(state, part)
        part.replace(self.checkpoint)

    def _load(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        if state["weights"].shape != self._weights.shape:
            raise ValueError(f"{self.checkpoint} is of a network of another shape; use an empty folder")
        self.step = int(state["step"])
        self._weights.copy_(state["weights"])
        self._average.copy_(state["average"])
        for network in (self.network, self.average):
            network.mapping.w_avg.copy_(state["w_avg"])
        self._optimizer.load_state_dict(state["optimizer"])


class _Worker:
    """Turns a step number into gradients, always the same ones for the same weights."""

    def __init__(self, recipe: Recipe, network: Generator, rank: int, gradients: Tensor) -> None:
        self._recipe = recipe
        self._network = network
        self._rank = rank
        self._code = latent_code(recipe.shape.z_dim)
        self._own = gradients[rank]
        start = 0
        for parameter in network.parameters():
            parameter.grad = self._own[start : start + parameter.numel()].view_as(parameter)
            start += parameter.numel()

    def accumulate(self, step: int, resolution: int) -> tuple[float, Tensor]:
        """Fill this process's gradients; returns the loss and the batch's ``(N, w_dim)``."""
        recipe = self._recipe
        seed = (recipe.seed * 1_000_003 + step) * recipe.processes + self._rank
        plan = BatchPlan(
            recipe.batch,
            resolution,
            recipe.truncated_share,
            pose_range=min(1.0, 0.4 + 0.6 * step / max(1, recipe.gentle_pose_steps)),
        )
        batch = make_batch(
            self._network.mapping,
            self._code,
            plan=plan,
            num_ws=recipe.shape.num_ws,
            generator=torch.Generator().manual_seed(seed),
        )
        self._own.zero_()
        pictures = self._network.synthesis(batch.ws, resolution)
        loss = training_loss(pictures, batch)
        torch.autograd.backward(loss)
        return loss.item(), batch.w.detach()


def _assist(
    recipe: Recipe,
    rank: int,
    weights: Tensor,
    w_avg: Tensor,
    gradients: Tensor,
    orders: Tensor,
    barrier: Barrier,
) -> None:
    """Body of the second and further processes."""
    prepare_process()
    network = _network(recipe)
    _adopt(network, weights)
    network.mapping.w_avg = w_avg
    worker = _Worker(recipe, network, rank, gradients)
    threading.Thread(target=_follow_parent, daemon=True).start()
    with contextlib.suppress(threading.BrokenBarrierError):
        while True:
            barrier.wait()
            worker.accumulate(int(orders[0]), int(orders[1]))
            barrier.wait()


def _follow_parent() -> None:
    """End this process with the one that started it, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def prepare_process() -> None:
    """One thread, and freed memory kept: a training step allocates the same blocks again and again."""
    from latent_studio.engine.allocator import tune_allocator

    tune_allocator()
    torch.set_num_threads(1)


def _network(recipe: Recipe) -> Generator:
    network = Generator(recipe.shape, latent_code(recipe.shape.z_dim))
    network.mapping.w_avg = _shared(network.mapping.w_avg)
    return network


def _shared(tensor: Tensor) -> Tensor:
    """The same numbers in memory that all processes see."""
    tensor.share_memory_()  # type: ignore[no-untyped-call]
    return tensor


def _flatten(network: Generator) -> Tensor:
    """Move all parameters into one shared vector of which they become views."""
    flat = _shared(torch.cat([parameter.detach().flatten() for parameter in network.parameters()]))
    _adopt(network, flat)
    return flat


def _adopt(network: Generator, flat: Tensor) -> None:
    start = 0
    for parameter in network.parameters():
        parameter.data = flat[start : start + parameter.numel()].view_as(parameter)
        start += parameter.numel()
