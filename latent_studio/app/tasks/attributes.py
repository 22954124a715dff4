"""attributes: read attributes off every picture of a traversal."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import InputError, OptionError, PluginError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.app.attribute_tables import AttributeTable
    from latent_studio.app.path_readings import PathReadings
    from latent_studio.app.studio import Studio
    from latent_studio.app.traversals import Traversal
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.render import RenderRequest
    from latent_studio.methods.attributes.protocol import AttributePredictor

log = logging.getLogger(__name__)

#: Seeds of the random pictures that say how far an attribute spreads; far from those people try.
_FIRST_SPREAD_SEED = 900_000


@dataclass(frozen=True, slots=True)
class AttributesOptions:
    """Of which traversal, by whom."""

    model: str = model_option()
    traversal: Path = option(help="Folder that “pool traverse” wrote.", metavar="OUT")
    predictor: tuple[str, ...] = option(
        (),
        help="Who reads them off, such as tone or one of a plugin; again for more. All that suit the model "
        "by default.",
        repeat=True,
        metavar="ID",
    )
    spread: int = option(
        64,
        help="Random pictures that say how far each attribute spreads, the unit of effects.",
        low=2,
        high=10_000,
        metavar="N",
    )


@dataclass(frozen=True, slots=True)
class AttributesResult:
    """What was read.

    Attributes:
        folder: of the traversal, where the numbers are.
        table: the numbers.
    """

    folder: Path
    table: AttributeTable

    @property
    def lines(self) -> tuple[str, ...]:
        """The file."""
        return (str(self.folder / "attributes.npz"),)


def run_attributes(
    studio: Studio, options: AttributesOptions, progress: ProgressSink, cancel: CancelToken
) -> AttributesResult:
    """Render every stored latent of the complete paths again and read its attributes off.

    What the same predictors have read of the same latents before is taken from there.

    Raises:
        InputError: the traversal is of another model, or nothing in it is complete.
        OptionError: the same predictor is named twice.
        LatentStudioError: a predictor's weights are missing; the hint says where to get them.
        Cancelled: a stop was asked for.
    """
    import numpy as np

    from latent_studio.app.attribute_columns import told_apart
    from latent_studio.app.attribute_tables import AttributeTable
    from latent_studio.app.path_readings import PathReadings
    from latent_studio.app.traversals import read_traversal
    from latent_studio.exporters.part_file import export_error
    from latent_studio.methods.attributes.protocol import LikenessPredictor

    check_options(options)
    traversal = read_traversal(options.traversal)
    paths = traversal.complete
    if not paths:
        raise InputError(
            f"No path of {options.traversal} is complete.", hint="Run “pool traverse” to its end first."
        )
    model = studio.use_model(options.model, progress=progress, cancel=cancel)
    traversal.check_model(model.ref)
    names, predictors = load_predictors(studio, options.predictor)
    infos = tuple(info for one in predictors for info in one.attributes)
    owners = [name for name, one in zip(names, predictors, strict=True) for _ in one.attributes]
    embedders = {n: p for n, p in zip(names, predictors, strict=True) if isinstance(p, LikenessPredictor)}
    infos += tuple(one.likeness for one in embedders.values())
    owners += list(embedders)
    infos = told_apart(infos, owners)

    shape = (len(paths), len(traversal.seeds), len(traversal.amounts), len(infos))
    values = np.full(shape, np.nan, np.float32)
    total = shape[0] * shape[1] * shape[2] + options.spread
    seen = _Counter(progress, total)
    readings = PathReadings(studio, predictors)
    # Which pictures these are is told by how many: their seeds are the same every time.
    count = np.array([options.spread], np.float32)
    random = readings.kept(traversal, options.traversal, count)
    if random is None:
        random = _read(
            studio, readings, (), _random_requests(traversal, options.spread), seen, cancel, centre=0
        )
        readings.keep(traversal, options.traversal, count, random)
    spread = np.zeros(len(infos), np.float32)
    # 0 where no picture shows it.
    spread[: random.shape[1]] = np.ma.masked_invalid(random).std(axis=0).filled(0.0)
    for row, path_idx in enumerate(paths):
        folder, ws = traversal.path_folder(path_idx), traversal.read_latents(path_idx)
        kept = None if embedders else readings.kept(traversal, folder, ws)
        if kept is not None and kept.shape == shape[1:]:
            values[row] = kept
            seen.add(shape[1] * shape[2])
            continue
        for latent_idx in range(shape[1]):
            values[row, latent_idx] = _read(
                studio,
                readings,
                tuple(embedders.values()),
                _requests(traversal, ws[latent_idx]),
                seen,
                cancel,
                centre=traversal.centre,
            )
        if not embedders:
            readings.keep(traversal, folder, ws, values[row])
    # How unlike one picture its neighbours on a path become has no spread over random ones; take its range.
    for column in range(random.shape[1], len(infos)):
        spread[column] = infos[column].span / 4
    table = AttributeTable(
        infos,
        tuple(owners),
        frozenset(info.id for info in infos[random.shape[1] :]),
        paths,
        values,
        spread,
    )
    try:
        table.write(options.traversal)
    except OSError as error:
        raise export_error(options.traversal / "attributes.npz", error) from error
    return AttributesResult(options.traversal, table)


def load_predictors(
    studio: Studio, chosen: Sequence[str]
) -> tuple[tuple[str, ...], tuple[AttributePredictor, ...]]:
    """The predictors of some ids, or all that suit the open model and need nothing that is not here.

    Raises:
        InputError: an id is unknown.
        OptionError: an id is there twice.
        LatentStudioError: the weights of one that was asked for are missing.
    """
    from latent_studio.methods.attributes.catalog import find_predictor

    registry = studio.plugins.predictors()
    device = studio.engine.choice.device
    if len(set(chosen)) < len(chosen):
        raise OptionError("--predictor", "The same predictor is named twice.", hint="Name it once.")
    if chosen:
        return tuple(chosen), tuple(find_predictor(name, registry).load(device) for name in chosen)
    scopes = {"any", "portraits"} if studio.model.ref.name == "portraits" else {"any"}
    names: list[str] = []
    predictors: list[AttributePredictor] = []
    for name in registry:
        entry = registry.get(name)
        if entry.scope not in scopes:
            continue
        try:
            predictor = entry.load(device)
        except PluginError as error:
            # Nobody has asked for this one by name; the others still speak.
            log.warning("%s", error)
            continue
        names.append(name)
        predictors.append(predictor)
    return tuple(names), tuple(predictors)


class _Counter:
    """Reports how many pictures are done."""

    def __init__(self, progress: ProgressSink, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def add(self, count: int = 1) -> None:
        self._done += count
        self._progress(Progress(self._done / self._total, f"Read {self._done} of {self._total} pictures"))


def _random_requests(traversal: Traversal, count: int) -> Iterator[RenderRequest]:
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.seed_plane import SeedPoint

    for index in range(count):
        base = SeedPoint(_FIRST_SPREAD_SEED + index)
        yield RenderRequest(index, base=base, synthesis=traversal.synthesis)


def _requests(traversal: Traversal, ws: NDArray[np.float32]) -> Iterator[RenderRequest]:
    from latent_studio.core.latent import Latent
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.spaces import Space

    # Truncation is in the stored latents.
    synthesis = replace(traversal.synthesis, truncation_psi=1.0, truncation_cutoff=None)
    for step, one in enumerate(ws):
        yield RenderRequest(step, base=Latent(Space.W_PLUS, one), synthesis=synthesis)


def _read(
    studio: Studio,
    readings: PathReadings,
    embedders: Sequence[object],
    requests: Iterable[RenderRequest],
    seen: _Counter,
    cancel: CancelToken,
    *,
    centre: int,
) -> NDArray[np.float32]:
    """``(T, A)``: the attributes of some pictures, then their likeness to the one at ``centre``."""
    import numpy as np
    import torch

    from latent_studio.app.path_readings import BATCH, pictures_to_tensor
    from latent_studio.methods.attributes.protocol import LikenessPredictor

    device = studio.engine.choice.device
    rows: list[NDArray[np.float32]] = []
    embeddings: list[list[Tensor]] = [[] for _ in embedders]
    waiting: list[NDArray[np.uint8]] = []

    def flush() -> None:
        if not waiting:
            return
        rows.append(readings.read(waiting))
        for kept, one in zip(embeddings, embedders, strict=True):
            assert isinstance(one, LikenessPredictor)  # noqa: S101
            with studio.engine.gate.background(), torch.inference_mode():
                kept.append(one.embed(pictures_to_tensor(waiting).to(device)).cpu())
        waiting.clear()

    for frame in studio.engine.render_batch(requests, check_cancel=cancel.check):
        waiting.append(frame.pixels)
        seen.add()
        if len(waiting) == BATCH:
            flush()
    flush()
    columns = [np.concatenate(rows)]
    for kept in embeddings:
        whole = torch.cat(kept)
        columns.append((whole @ whole[centre])[:, None].numpy())
    return np.concatenate(columns, axis=1)
