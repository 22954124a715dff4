"""What edits do, read off by the attribute predictor: do they move what they should, and nothing else?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tools.portraits.evaluation import HELD_OUT_SEED
from tools.portraits.factors import GROUP_ROWS, INDEX, Group, group_mask
from tools.portraits.latents import factors_of
from tools.portraits.readings import visible

if TYPE_CHECKING:
    from latent_studio.methods.attributes.portraits import PortraitPredictor
    from tools.portraits.latents import LatentCode
    from tools.portraits.network import Generator

#: Factor scores between which an edit is measured; the middle 80 % of people.
_SCORES = (-1.28, 1.28)


@dataclass(frozen=True, slots=True)
class EditReport:
    """What the predictor saw. Amounts are shares of an attribute's range.

    Attributes:
        accuracy: per attribute, the share of people in whom an edit of its factor moves this attribute the
            right way and further than any other.
        moved: per attribute, by how much the edit moves it, on average.
        side_effect: per attribute, by how much the edit moves the others, on average.
        leakage: per group of rows, how much attributes of the other groups move when its rows come from
            somebody else, as a share of how much they move when their own rows do.
    """

    accuracy: dict[str, float]
    moved: dict[str, float]
    side_effect: dict[str, float]
    leakage: dict[str, float]


@torch.no_grad()
def measure_edits(
    network: Generator, code: LatentCode, predictor: PortraitPredictor, *, people: int = 8
) -> EditReport:
    """Edit every factor that the predictor reads, and exchange every group of rows, on held-out people."""
    generator = torch.Generator().manual_seed(HELD_OUT_SEED)
    scores = code.sample_scores(people, generator)
    # An edit of what cannot be seen would say nothing: everybody has hair, and those edited wear glasses.
    for name, least in (("hair_length", 0.3), ("glasses", 0.8)):
        scores[:, INDEX[name]] = scores[:, INDEX[name]].clamp_min(least)
    names = [info.id for info in predictor.attributes]
    accuracy: dict[str, float] = {}
    moved: dict[str, float] = {}
    side_effect: dict[str, float] = {}
    for column, name in enumerate(names):
        ends = []
        for score in _SCORES:
            edited = scores.clone()
            edited[:, INDEX[name]] = score
            told = visible(factors_of(edited))[1][:, [INDEX[other] for other in names]]
            shares = _shares(network, predictor, _rows(network, code, edited))
            ends.append(torch.where(told, shares, torch.nan))
        change = (ends[1] - ends[0]).nan_to_num(0.0)
        others = torch.cat([change[:, :column], change[:, column + 1 :]], dim=1).abs()
        most = others.amax(dim=1) if others.shape[1] else torch.zeros(people)
        accuracy[name] = (change[:, column] > most).float().mean().item()
        moved[name] = change[:, column].mean().item()
        side_effect[name] = others.mean().item() if others.numel() else 0.0
    return EditReport(
        accuracy, moved, side_effect, _leakage(network, code, predictor, scores, generator, names)
    )


def _leakage(
    network: Generator,
    code: LatentCode,
    predictor: PortraitPredictor,
    scores: Tensor,
    generator: torch.Generator,
    names: list[str],
) -> dict[str, float]:
    others = code.sample_scores(scores.shape[0], generator)
    rows, foreign = _rows(network, code, scores), _rows(network, code, others)
    before = _shares(network, predictor, rows)
    groups: tuple[Group, ...] = ("coarse", "middle", "fine")
    steps: dict[Group, Tensor] = {}
    for group in groups:
        first, last = GROUP_ROWS[group]
        mixed = rows.clone()
        mixed[:, first:last] = foreign[:, first:last]
        steps[group] = (_shares(network, predictor, mixed) - before).abs().nanmean(dim=0)
    measured: dict[str, float] = {}
    for group in groups:
        own = [bool(group_mask(group)[INDEX[name]]) for name in names]
        leaked = [steps[group][i].item() for i, inside in enumerate(own) if not inside]
        meant = [
            steps[other][i].item()
            for other in groups
            if other != group
            for i, name in enumerate(names)
            if group_mask(other)[INDEX[name]]
        ]
        measured[group] = _mean(leaked) / max(1e-6, _mean(meant))
    return measured


def _mean(values: list[float]) -> float:
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else 0.0


def _rows(network: Generator, code: LatentCode, scores: Tensor) -> Tensor:
    random = torch.Generator().manual_seed(HELD_OUT_SEED)
    w: Tensor = network.mapping(code.encode(scores, random))
    return w[:, None].expand(-1, network.shape.num_ws, -1)


def _shares(network: Generator, predictor: PortraitPredictor, ws: Tensor) -> Tensor:
    """Predicted amounts as shares of their ranges, ``(N, attributes)``."""
    size = network.shape.resolution
    values = torch.cat([predictor.predict(network.synthesis(part, size)[size]) for part in ws.split(4)])
    low = torch.tensor([info.low for info in predictor.attributes])
    span = torch.tensor([info.span for info in predictor.attributes])
    return (values - low) / span
