"""Training the attribute predictor on renders and on the generator's own pictures, whose truth is known."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from latent_studio.core.files import replacing
from latent_studio.methods.attributes.network import SIDE, AttributeNetwork, to_side
from latent_studio.methods.attributes.portraits import KEY, PortraitAttribute, PortraitPredictor, to_record
from latent_studio.methods.attributes.protocol import AttributeInfo
from tools.portraits.evaluation import HELD_OUT_SEED
from tools.portraits.factors import COUNT
from tools.portraits.latents import factors_of, latent_code
from tools.portraits.readings import READINGS, visible
from tools.portraits.renderer import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.portraits.network import Generator

#: An attribute that explains less than this of the truth on the generator's pictures is not offered.
GOOD_ENOUGH = 0.25


@dataclass(frozen=True, slots=True)
class PredictorRecipe:
    """Everything that decides the outcome, beside the generator.

    Attributes:
        steps: optimiser steps.
        batch: pictures in each.
        fresh: new pictures drawn at once, which is cheaper than one by one.
        renew: steps between two such draws.
        kept: latest pictures kept to choose from; each time they are blurred and shifted otherwise.
        generated: share of new pictures that the generator draws; the renderer draws the others.
        rate: highest learning rate.
        seed: of weights and pictures.
    """

    steps: int = 2500
    batch: int = 32
    fresh: int = 32
    renew: int = 10
    kept: int = 8000
    generated: float = 0.5
    rate: float = 2e-3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Examples:
    """Pictures with their truth.

    Attributes:
        pictures: ``(N, 3, SIDE, SIDE)`` uint8.
        amounts: ``(N, COUNT)``, see ``readings.visible``.
        told: ``(N, COUNT)`` bool.
    """

    pictures: Tensor
    amounts: Tensor
    told: Tensor


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """R2 of each attribute, on people never seen in training.

    Attributes:
        renders: on the renderer's pictures.
        generated: on the generator's, at psi 1.
    """

    renders: dict[str, float] = field(default_factory=dict)
    generated: dict[str, float] = field(default_factory=dict)


def draw_examples(network: Generator | None, count: int, generator: torch.Generator) -> Examples:
    """Draw people and their pictures, by the generator, or by the renderer when ``network`` is ``None``.

    Half of them come from the collection, where factors go together; in the other half every factor is
    independent, so that age cannot be read off grey hair. Half are pulled towards the average.
    """
    code = latent_code()
    scores = code.sample_scores(count, generator)
    loose = torch.randn(count, COUNT, generator=generator)
    scores = torch.where(torch.rand(count, 1, generator=generator) < 0.5, scores, loose)
    psi = torch.where(
        torch.rand(count, 1, generator=generator) < 0.5,
        torch.ones(()),
        0.4 + 0.6 * torch.rand(count, 1, generator=generator),
    )
    factors = factors_of(scores * psi)
    with torch.no_grad():
        if network is None:
            pictures = render(factors, SIDE).pictures
        else:
            w = network.mapping(code.encode(scores, generator))
            w = network.mapping.w_avg + psi * (w - network.mapping.w_avg)
            # The output at the predictor's size: a quarter of the time, and hardly another picture.
            size = min(SIDE, network.shape.resolution)
            pictures = to_side(network.synthesis(w[:, None].expand(-1, network.shape.num_ws, -1), size)[size])
    amounts, told = visible(factors)
    return Examples(_to_bytes(pictures), amounts, told)


def train_predictor(
    recipe: PredictorRecipe,
    generator_network: Generator | None,
    report: Callable[[int, float, float], None],
    *,
    start: AttributeNetwork | None = None,
) -> AttributeNetwork:
    """Train a predictor; the same recipe and generator give the same one.

    Args:
        recipe: see there.
        generator_network: draws a share of the pictures; ``None`` leaves all to the renderer.
        report: called after every step with the step, the running loss and seconds so far.
        start: go on from this network.
    """
    torch.manual_seed(recipe.seed)
    random = torch.Generator().manual_seed(recipe.seed + 1)
    network = AttributeNetwork(COUNT) if start is None else start
    network.train().requires_grad_(True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.rate, total_steps=recipe.steps, pct_start=0.1
    )
    kept = Examples(
        torch.empty(recipe.kept, 3, SIDE, SIDE, dtype=torch.uint8),
        torch.empty(recipe.kept, COUNT),
        torch.empty(recipe.kept, COUNT, dtype=torch.bool),
    )
    weights = torch.tensor([reading.weight for reading in READINGS])
    filled, running, started = 0, float("nan"), time.monotonic()
    for step in range(recipe.steps):
        if step % recipe.renew == 0:
            by_generator = torch.rand((), generator=random).item() < recipe.generated
            new = draw_examples(generator_network if by_generator else None, recipe.fresh, random)
            places = torch.arange(filled, filled + recipe.fresh) % recipe.kept
            for whole, part in zip(_tensors(kept), _tensors(new), strict=True):
                whole[places] = part
            filled += recipe.fresh
        chosen = torch.randint(min(filled, recipe.kept), (recipe.batch,), generator=random)
        pictures = _disturb(_to_floats(kept.pictures[chosen]), random)
        told = kept.told[chosen] * weights
        error = F.smooth_l1_loss(network(pictures), kept.amounts[chosen], reduction="none", beta=0.3)
        loss = (error * told).sum() / told.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        running = loss.item() if step == 0 else 0.98 * running + 0.02 * loss.item()
        report(step + 1, running, time.monotonic() - started)
    return network.eval()


@torch.no_grad()
def measure_predictor(
    network: AttributeNetwork, generator_network: Generator | None, *, people: int = 256
) -> ReadingReport:
    """R2 of every attribute on held-out people, at psi 1 and as correlated as the collection has them."""
    code = latent_code()
    random = torch.Generator().manual_seed(HELD_OUT_SEED)
    scores = code.sample_scores(people, random)
    factors = factors_of(scores)
    amounts, told = visible(factors)
    renders = [render(part, SIDE).pictures for part in torch.split(factors, 8)]
    on_renders = _r2(_read(network, renders), amounts, told)
    if generator_network is None:
        return ReadingReport(on_renders, {})
    w = generator_network.mapping(code.encode(scores, random))
    shape = generator_network.shape
    made = [
        to_side(generator_network.synthesis(part[:, None].expand(-1, shape.num_ws, -1))[shape.resolution])
        for part in torch.split(w, 8)
    ]
    return ReadingReport(on_renders, _r2(_read(network, made), amounts, told))


def describe(report: ReadingReport) -> tuple[PortraitAttribute, ...]:
    """All outputs of the network, in order, with how well each is read."""
    quality = report.generated or report.renders
    described: list[PortraitAttribute] = []
    for reading in READINGS:
        needs = reading.needs
        if needs is not None:
            other, share = needs
            low = next(one.low for one in READINGS if one.name == other)
            needs = (other, low + share * (1.0 - low))
        info = AttributeInfo(reading.name, reading.title, low=reading.low, high=1.0)
        described.append(PortraitAttribute(info, needs, quality[reading.name]))
    return tuple(described)


def write_predictor(
    network: AttributeNetwork, report: ReadingReport, path: Path, *, least: float = GOOD_ENOUGH
) -> PortraitPredictor:
    """Write what is read well enough, in half precision; returns the predictor as the program will read it.

    Raises:
        ValueError: nothing is.
    """
    from safetensors.torch import save

    described = describe(report)
    good = {one.info.id for one in described if one.quality >= least}
    chosen = [
        index
        for index, one in enumerate(described)
        if one.info.id in good and (one.needs is None or one.needs[0] in good)
    ]
    if not chosen:
        raise ValueError(f"no attribute is read with an R2 of {least:g} or more; train longer")
    tensors = {name: tensor.detach() for name, tensor in network.state_dict().items()}
    for name in ("out.weight", "out.bias"):
        tensors[name] = tensors[name][chosen]
    halves = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in tensors.items()
    }
    described = tuple(described[index] for index in chosen)
    notes = {
        KEY: json.dumps([to_record(one) for one in described], separators=(",", ":")),
        "r2_renders": json.dumps({k: round(v, 4) for k, v in report.renders.items()}),
        "r2_generated": json.dumps({k: round(v, 4) for k, v in report.generated.items()}),
        "licence": "CC0-1.0",
    }
    with replacing(path) as file:
        file.write(save(halves, notes))
    small = AttributeNetwork(len(chosen))
    small.load_state_dict({name: t.float() if t.is_floating_point() else t for name, t in halves.items()})
    return PortraitPredictor(small, described)


def write_network(network: AttributeNetwork, path: Path) -> None:
    """Keep a network with all its outputs, to train it further."""
    from safetensors.torch import save

    with replacing(path) as file:
        file.write(save({name: tensor.contiguous() for name, tensor in network.state_dict().items()}))


def read_network(path: Path) -> AttributeNetwork:
    """A network that :func:`write_network` kept."""
    from safetensors.torch import load_file

    network = AttributeNetwork(COUNT)
    network.load_state_dict(load_file(path))
    return network


def _read(network: AttributeNetwork, batches: list[Tensor]) -> Tensor:
    return torch.cat([network(batch.clamp(-1.0, 1.0)) for batch in batches])


def _r2(values: Tensor, truth: Tensor, told: Tensor) -> dict[str, float]:
    found: dict[str, float] = {}
    for index, reading in enumerate(READINGS):
        seen = told[:, index]
        true, read = truth[seen, index], values[seen, index]
        spread = (true - true.mean()).square().sum().clamp_min(1e-9)
        found[reading.name] = (1.0 - (true - read).square().sum() / spread).item()
    return found


def _disturb(pictures: Tensor, random: torch.Generator) -> Tensor:
    """What happens to pictures on their way: made smaller and large again, shifted, noisy, a little paler."""
    draw = torch.rand(4, generator=random).tolist()
    if draw[0] < 0.5:
        side = int(48 + draw[1] * (SIDE - 48))
        small = F.adaptive_avg_pool2d(pictures, side)
        pictures = F.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    across, down = torch.randint(-1, 2, (2,), generator=random).tolist()
    pictures = F.pad(pictures, (1, 1, 1, 1), mode="replicate")
    pictures = pictures[..., 1 + down : 1 + down + SIDE, 1 + across : 1 + across + SIDE]
    count = pictures.shape[0]
    gain = 1.0 + 0.03 * torch.randn(count, 1, 1, 1, generator=random)
    pictures = pictures * gain
    if draw[2] < 0.3:
        pictures = pictures + 0.1 * draw[2] * torch.randn(pictures.shape, generator=random)
    return pictures.clamp(-1.0, 1.0)


def _to_bytes(pictures: Tensor) -> Tensor:
    return ((pictures.clamp(-1.0, 1.0) + 1.0) * 127.5).round().byte()


def _to_floats(pictures: Tensor) -> Tensor:
    return pictures.float() / 127.5 - 1.0


def _tensors(examples: Examples) -> tuple[Tensor, Tensor, Tensor]:
    return examples.pictures, examples.amounts, examples.told
