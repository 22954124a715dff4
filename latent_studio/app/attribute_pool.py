"""Scored latents: pictures of random seeds with what a predictor reads off them, kept by the model's hash."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import InputError
from latent_studio.core.files import replacing
from latent_studio.core.jobs import Progress
from latent_studio.core.latent import Latent, z_from_seed
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.synthesis import SynthesisSettings
    from latent_studio.methods.attributes.protocol import AttributePredictor

log = logging.getLogger(__name__)

#: Pictures a predictor sees at once.
_BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPool:
    """Latents and their scores.

    Attributes:
        z: ``(N, z_dim)`` float32.
        ws: ``(N, num_ws, w_dim)`` float32, as rendered.
        attributes: ids of the columns.
        scores: ``(N, len(attributes))`` float32; NaN where an attribute could not be told.
    """

    z: NDArray[np.float32]
    ws: NDArray[np.float32]
    attributes: tuple[str, ...]
    scores: NDArray[np.float32]

    def latents(self, space: Space) -> NDArray[np.float32]:
        """One flat row per picture: ``(N, z_dim)``, ``(N, w_dim)`` or ``(N, num_ws * w_dim)``."""
        match space:
            case Space.Z:
                return self.z
            case Space.W:
                return np.asarray(self.ws.mean(axis=1), dtype=np.float32)
            case Space.W_PLUS:
                return self.ws.reshape(len(self.ws), -1)
            case Space.S:
                raise InputError("Boundaries are learned in z, w or w+, not among styles.")

    def column(self, attribute: str) -> NDArray[np.float32]:
        """The scores of one attribute, ``(N,)``.

        Raises:
            InputError: there is none of that name; the hint lists those there are.
        """
        if attribute not in self.attributes:
            raise InputError(
                f"There is no attribute {attribute!r}.", hint=f"There are: {', '.join(self.attributes)}."
            )
        return self.scores[:, self.attributes.index(attribute)]


def score_seeds(
    studio: Studio,
    predictor: AttributePredictor,
    *,
    predictor_id: str,
    predictor_version: str = "",
    count: int,
    synthesis: SynthesisSettings,
    first_seed: int = 0,
    progress: ProgressSink,
    cancel: CancelToken,
) -> ScoredPool:
    """Render the pictures of seeds of the open model and score them; found again in the cache.

    Args:
        studio: whose model is open.
        predictor: reads the attributes off.
        predictor_id: part of the cache's key.
        predictor_version: the same; a plugin that has changed reads anew.
        count: how many seeds.
        synthesis: truncation, noise and class of the pictures.
        first_seed: the first of them.
        progress: told after every picture.
        cancel: looked at between the stages of a picture.

    Raises:
        LatentStudioError: rendering or predicting failed.
        Cancelled: a stop was asked for.
    """
    model = studio.model
    names = tuple(info.id for info in predictor.attributes)
    parts: tuple[object, ...] = (model.ref.sha256, predictor_id, names, count, first_seed, synthesis)
    if predictor_version:
        parts += (predictor_version,)
    key = hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()
    path = studio.paths.cache / "scores" / f"{model.ref.sha256[:32]}-{key}.npz"
    known = _read_pool(path, names)
    if known is not None:
        return known
    requests = [
        RenderRequest(index, SeedPoint(first_seed + index), synthesis=synthesis) for index in range(count)
    ]
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    ws, scores, waiting = [], [], []
    for done, (request, frame) in enumerate(zip(requests, frames, strict=True), start=1):
        ws.append(studio.engine.resolve_ws(request))
        waiting.append(frame.pixels)
        if len(waiting) == _BATCH or done == count:
            scores.append(predict_pixels(predictor, waiting))
            waiting = []
        progress(Progress(done / count, f"Scored {done} of {count}", preview=frame))
        cancel.check()
    z = np.stack([z_from_seed(first_seed + index, model.spec.z_dim) for index in range(count)])
    pool = ScoredPool(z, np.stack(ws), names, np.concatenate(scores))
    _write_pool(path, pool)
    return pool


def score_latents(
    studio: Studio,
    predictor: AttributePredictor,
    latents: Sequence[Latent],
    *,
    synthesis: SynthesisSettings,
    cancel: CancelToken,
) -> NDArray[np.float32]:
    """Scores of the pictures of latents, ``(N, attributes)`` float32."""
    requests = [RenderRequest(i, latent, synthesis=synthesis) for i, latent in enumerate(latents)]
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    return predict_pixels(predictor, [frame.pixels for frame in frames])


def predict_pixels(
    predictor: AttributePredictor, pictures: Sequence[NDArray[np.uint8]]
) -> NDArray[np.float32]:
    """What a predictor reads off pictures ``(H, W, C)`` uint8 of one size: ``(N, attributes)`` float32."""
    import torch

    scores = []
    for start in range(0, len(pictures), _BATCH):
        stacked = np.stack([_in_rgb(one) for one in pictures[start : start + _BATCH]])
        images = torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 127.5 - 1.0
        with torch.inference_mode():
            scores.append(predictor.predict(images).float().cpu().numpy())
    return np.concatenate(scores)


def read_scores(path: Path, *, column: str | None = None) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Scores out of a ``.npy`` or ``.npz`` file or a CSV table with a header.

    Args:
        path: the file.
        column: of a table; all columns of numbers when not given.

    Returns:
        names of the columns, and ``(N, columns)`` float32; what is no number is NaN.

    Raises:
        InputError: there is no such file or column, or nothing in it is a number.
        CheckpointError: the file cannot be read.
    """
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        from latent_studio.checkpoints.arrays import read_arrays

        file = read_arrays(path)
        array = file.only if column is None else file.arrays.get(column)
        if array is None or array.dtype.kind not in "fiub":
            raise InputError(
                f"{path.name} holds no single array of scores.", hint="Save scores as (N,) or (N, 1)."
            )
        scores = array.astype(np.float32)
        scores = scores[:, None] if scores.ndim == 1 else scores
        if scores.ndim != 2:
            raise InputError(
                f"{path.name} holds scores of shape {scores.shape}; they should be (N,) or (N, 1)."
            )
        names = [path.stem] if scores.shape[1] == 1 else [f"{path.stem} {k}" for k in range(scores.shape[1])]
        return tuple(names), scores
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path.name} cannot be read as a table.", hint="Save it as CSV in UTF-8."
        ) from error
    rows = list(csv.reader(text.splitlines(), delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise InputError(f"{path.name} has no rows of scores.", hint="The first line names the columns.")
    header = [word.strip() for word in rows[0]]
    table = np.array([[_number(row, k) for k in range(len(header))] for row in rows[1:]], dtype=np.float32)
    wanted = [k for k in range(len(header)) if np.isfinite(table[:, k]).any()]
    if column is not None:
        if column not in header:
            raise InputError(f"{path.name} has no column {column!r}.", hint=f"It has: {', '.join(header)}.")
        wanted = [header.index(column)]
    if not wanted:
        raise InputError(f"{path.name} has no column of numbers.", hint="Scores are numbers, one a picture.")
    return tuple(header[k] for k in wanted), table[:, wanted]


def _number(row: Sequence[str], index: int) -> float:
    try:
        return float(row[index])
    except (ValueError, IndexError):
        return float("nan")


def _in_rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]


def _read_pool(path: Path, names: tuple[str, ...]) -> ScoredPool | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = tuple(json.loads(str(file["attributes"])))
            return ScoredPool(file["z"], file["ws"], stored, file["scores"]) if stored == names else None
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever is wrong with the cache, it can be found again
        log.warning("Cached scores cannot be read and are found again: %s", error)
        return None


def _write_pool(path: Path, pool: ScoredPool) -> None:
    try:
        with replacing(path) as file:
            np.savez(
                file,
                z=pool.z,
                ws=pool.ws,
                scores=pool.scores,
                attributes=np.array(json.dumps(pool.attributes)),
                allow_pickle=False,
            )
    except OSError as error:
        log.warning("Scores cannot be cached: %s", error)
