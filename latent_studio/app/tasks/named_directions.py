"""Directions by the names people type."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.errors import OptionError
from latent_studio.core.rows import parse_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.paths import Paths
    from latent_studio.core.directions import Direction
    from latent_studio.methods.sefa import SefaVariant

_SEFA = re.compile(
    r"sefa:(?:(?P<variant>genforce|mmgen|rosinality):)?(?:(?P<rows>all|[\d,-]+):)?(?P<index>\d{1,6})"
)
_PCA = re.compile(r"pca:(?P<index>\d{1,6})")
_CHANNEL = re.compile(r"channel:(?P<layer>[\w.]+):(?P<index>\d{1,6})")
_FILE = re.compile(r"(?P<path>.+\.(?:npy|npz|pt|pth|safetensors))(?:#(?P<index>\d{1,6}))?", re.IGNORECASE)

#: For help texts.
DIRECTION_HELP = (
    "sefa:0 is the strongest direction SeFa finds, pca:0 the first principal component, channel:b32.conv0:7 "
    "a channel of style space; or the name of one in the library, or a file, such as smile.npy or "
    "support_sets.pt#12."
)


def find_direction(name: str, model: LoadedModel, paths: Paths, *, option: str = "--direction") -> Direction:
    """The direction a name stands for.

    Args:
        name: a name or id of the library; ``sefa:3`` for the fourth strongest, or the whole id
            ``sefa:genforce:0-3:3``: which variant, and the rows whose layers were factorised; ``pca:3``; or a
            file, with ``#3`` for the fourth direction in it.
        model: the model it is found on.
        paths: where found directions are kept.
        option: whom to blame in the error.

    Raises:
        OptionError: the name stands for none, or the model has fewer.
        InputError: the file holds no direction of this model.
        CheckpointError: the file cannot be read.
    """
    entry = model.library.find(name)
    if entry is not None:
        return entry.direction
    if match := _SEFA.fullmatch(name):
        return _sefa(match, name, model, paths, option=option)
    if match := _PCA.fullmatch(name):
        from latent_studio.app.models import PCA_COUNT, pca_directions

        count = max(PCA_COUNT, int(match["index"]) + 1)
        found = pca_directions(model.generator, model.ref.sha256, paths=paths, count=count)
        return _chosen(found, int(match["index"]), name, option=option)
    if match := _CHANNEL.fullmatch(name):
        return _channel(match, name, model, option=option)
    match = _FILE.fullmatch(name)
    if match is not None:
        return _chosen(
            directions_in(Path(match["path"]), model), int(match["index"] or 0), name, option=option
        )
    raise OptionError(
        option,
        f"{option} {name!r} is no direction.",
        hint="Write sefa:0 for the strongest, a name from “direction list”, or a file such as smile.npy.",
    )


def directions_in(path: Path, model: LoadedModel) -> tuple[Direction, ...]:
    """The directions in a file, read as it suggests.

    Raises:
        InputError: it holds none of this model.
        CheckpointError: it cannot be read.
    """
    from latent_studio.app.direction_import import import_directions
    from latent_studio.app.models import sample_w

    return import_directions(
        path, model.spec, model_sha256=model.ref.sha256, ws_samples=sample_w(model.generator, 2000)
    ).directions


def _sefa(match: re.Match[str], name: str, model: LoadedModel, paths: Paths, *, option: str) -> Direction:
    from latent_studio.app.models import sefa_directions

    index = int(match["index"])
    dim = model.spec.w_dim
    if index >= dim:
        raise OptionError(
            option, f"{option} is {name}, but this model has the directions sefa:0 to sefa:{dim - 1}."
        )
    rows = None if match["rows"] in (None, "all") else parse_rows(match["rows"], option=option)
    variant: SefaVariant = match["variant"] or "genforce"  # type: ignore[assignment]
    return sefa_directions(
        model.generator, model.ref.sha256, paths=paths, variant=variant, layers=rows, count=None
    )[index]


def _channel(match: re.Match[str], name: str, model: LoadedModel, *, option: str) -> Direction:
    from latent_studio.app.models import sample_w
    from latent_studio.methods.style_channels import style_channels

    channels = style_channels(
        model.generator, match["layer"], sample_w(model.generator, 2000), model_sha256=model.ref.sha256
    )
    for channel in channels:
        if channel.channel == int(match["index"]):
            return channel
    raise OptionError(option, f"{option} is {name}, but that layer has no such channel that varies.")


def _chosen(found: Sequence[Direction], index: int, name: str, *, option: str) -> Direction:
    if index >= len(found):
        raise OptionError(option, f"{option} is {name}, but there are {len(found)} directions, from 0 on.")
    return found[index]
