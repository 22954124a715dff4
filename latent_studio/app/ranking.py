"""Ranking: the measured paths of a traversal by attribute, and the best of them on a slider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import InputError
from latent_studio.methods.ranking.measures import measure
from latent_studio.methods.ranking.published import published_corr, published_corr_l1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.app.attribute_tables import AttributeTable
    from latent_studio.app.direction_library import DirectionLibrary
    from latent_studio.app.traversals import Traversal
    from latent_studio.methods.attributes.protocol import AttributeInfo
    from latent_studio.methods.ranking.measures import Measures


@dataclass(frozen=True, slots=True)
class RankedPath:
    """One path's answer to one attribute.

    Attributes:
        rank: 1 is the best.
        path_idx: in the traversal.
        name: of the direction.
        score: 0 to 1, what the rank follows.
        pearson: mean correlation, -1 to 1.
        pearson_low: lower end of its 95 % interval; NaN from a single latent.
        pearson_high: upper end.
        monotonicity: -1 to 1.
        effect: end to end, in standard deviations of random pictures.
        side_effect: of all other attributes together.
        selectivity: share of all change, 0 to 1.
        told: share of pictures in which it could be told.
        corr: the published score.
        corr_l1: the published score.
        curve: correlation of the mean over the latents with the amount, -1 to 1.
        curve_low: lower end of its 95 % interval; NaN from a single latent.
        curve_high: upper end.
        side: the attribute that changes most beside it; empty where there is none.
        side_size: its change, in standard deviations.
    """

    rank: int
    path_idx: int
    name: str
    score: float
    pearson: float
    pearson_low: float
    pearson_high: float
    monotonicity: float
    effect: float
    side_effect: float
    selectivity: float
    told: float
    corr: float
    corr_l1: float
    curve: float
    curve_low: float
    curve_high: float
    side: str = ""
    side_size: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """All paths by all attributes of a table.

    Attributes:
        traversal: whose paths.
        table: what was measured.
        measures: ``(K, A)`` each.
        corr: ``(K, A)``, published.
        corr_l1: ``(K, A)``, published.
    """

    traversal: Traversal
    table: AttributeTable
    measures: Measures
    corr: NDArray[np.float64]
    corr_l1: NDArray[np.float64]

    @property
    def attributes(self) -> tuple[AttributeInfo, ...]:
        """Of the columns."""
        return self.table.attributes

    def column(self, attribute: str) -> int:
        """Where an attribute stands, by id or title.

        Raises:
            InputError: it was not measured; lists what was.
        """
        wanted = attribute.casefold()
        for index, info in enumerate(self.attributes):
            if wanted in (info.id.casefold(), info.title.casefold()):
                return index
        raise InputError(
            f"The attribute {attribute!r} was not measured.",
            hint=f"Measured: {', '.join(self.table.ids)}.",
        )

    def by_attribute(self, attribute: str) -> tuple[RankedPath, ...]:
        """The paths for an attribute, the best first."""
        column = self.column(attribute)
        order = self.measures.ranked(column)
        return tuple(self._row(rank, row, column) for rank, row in enumerate(order, start=1))

    def _row(self, rank: int, row: int, column: int) -> RankedPath:
        found, at = self.measures, (row, column)
        path_idx = self.table.paths[row]
        side, side_size = self._worst_side(row, column)
        return RankedPath(
            rank,
            path_idx,
            self.traversal.directions[path_idx].name,
            float(found.score[at]),
            float(found.pearson[at]),
            float(found.pearson_low[at]),
            float(found.pearson_high[at]),
            float(found.monotonicity[at]),
            float(found.effect[at]),
            float(found.side_effect[at]),
            float(found.selectivity[at]),
            float(found.told[at]),
            float(self.corr[at]),
            float(self.corr_l1[at]),
            float(found.curve[at]),
            float(found.curve_low[at]),
            float(found.curve_high[at]),
            side,
            side_size,
        )

    def _worst_side(self, row: int, column: int) -> tuple[str, float]:
        effects = np.abs(np.nan_to_num(self.measures.effect[row].copy()))
        effects[column] = 0.0
        worst = int(effects.argmax())
        if effects[worst] == 0:
            return "", 0.0
        return self.attributes[worst].id, float(self.measures.effect[row, worst])


def rank(traversal: Traversal, table: AttributeTable) -> Ranking:
    """Measure every path on every attribute of a table."""
    corr = published_corr(table.values, table.attributes, likeness=table.likeness, centre=traversal.centre)
    measures = measure(table.values, np.asarray(traversal.amounts), table.spread)
    return Ranking(traversal, table, measures, corr, published_corr_l1(corr))


def bind_best(library: DirectionLibrary, ranking: Ranking, attribute: str) -> RankedPath:
    """Keep the best path for an attribute as a slider: named after it, starred, up meaning more of it.

    Args:
        library: of the model the paths belong to.
        ranking: which path is the best.
        attribute: id or title.

    Raises:
        InputError: the attribute was not measured, or no path changes it.
    """
    info = ranking.attributes[ranking.column(attribute)]
    best = ranking.by_attribute(attribute)[0]
    if best.score <= 0:
        raise InputError(
            f"No path changes {info.title.lower()} for sure.",
            hint="Train longer, walk further, or measure from more latents.",
        )
    return bind(library, ranking, best, info)


def bind(library: DirectionLibrary, ranking: Ranking, path: RankedPath, info: AttributeInfo) -> RankedPath:
    """Keep one path as a slider for an attribute; see ``bind_best``."""
    direction = ranking.traversal.directions[path.path_idx]
    amounts = ranking.traversal.amounts
    known = library.find(direction.id)
    if known is None or not known.is_kept:
        library.keep([direction], name=f"{info.id} {direction.name}")
    falls = path.pearson < 0
    entry = library.find(direction.id)
    if entry is not None and entry.mark.flipped != falls:
        library.flip(direction.id)
    library.rename(direction.id, info.title)
    library.star(direction.id, True)
    unit = ranking.traversal.unit(path.path_idx)
    low, high = amounts[0] * unit, amounts[-1] * unit
    if low < high:
        library.set_ends(direction.id, (-high, -low) if falls else (low, high))
    return path
