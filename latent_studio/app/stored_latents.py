"""Latent files: our own, which say everything, and those of others, whose meaning is guessed aloud."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from latent_studio.app.bare_latents import NAMES, bare_latents
from latent_studio.core.errors import InputError, LatentStudioError
from latent_studio.core.latent import Latent
from latent_studio.core.noise_maps import FoundNoise
from latent_studio.core.spaces import Space, shape_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.app.crop_record import CropRecord
    from latent_studio.checkpoints.arrays import ArrayFile
    from latent_studio.core.spec import GeneratorSpec

KIND = "latent-studio latent"
VERSION = 1
LatentFormat = Literal["latent", "ada", "npy", "mmgen", "rosinality"]
LATENT_FORMATS: tuple[LatentFormat, ...] = ("latent", "ada", "npy", "mmgen", "rosinality")
#: A file of more latents than this is a data set, not a result.
_MOST = 4096


@dataclass(frozen=True, slots=True)
class StoredLatent:
    """A latent as a file tells it.

    Attributes:
        latent: in its own space.
        name: of what it shows: the photo's name, or the file's.
        noise: maps to render it with; ``None`` for the model's own.
        how: one sentence: how it was read, with every guess.
        model_name: of the model it was found on; empty when unknown.
        model_sha256: that model's hash; empty when unknown.
        crop: where in a photo its target was cut out; ``None`` when unknown.
        facts: score, settings and target of a projection.
    """

    latent: Latent
    name: str = ""
    noise: FoundNoise | None = None
    how: str = ""
    model_name: str = ""
    model_sha256: str = ""
    crop: CropRecord | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def write_latent(path: Path, stored: StoredLatent, *, ws: NDArray[np.float32]) -> None:
    """Write our own kind of file.

    Args:
        path: ends in ``.npz``.
        stored: what to write.
        ws: see ``latent_bytes``.

    Raises:
        ExportError: the disk refuses.
    """
    from latent_studio.exporters.part_file import write_file

    write_file(path, latent_bytes(stored, ws=ws))


def latent_bytes(stored: StoredLatent, *, ws: NDArray[np.float32]) -> bytes:
    """Our own kind of file, which StyleGAN2-ADA's scripts read as a ``projected_w.npz`` too.

    Args:
        stored: what it says.
        ws: ``(num_ws, w_dim)``, what the latent renders; key ``w`` of the file.
    """
    from latent_studio import __version__

    metadata = {
        "kind": KIND,
        "version": VERSION,
        "program": f"Latent Studio {__version__}",
        "space": stored.latent.space.value,
        "name": stored.name,
        "model": {"name": stored.model_name, "sha256": stored.model_sha256},
        "crop": None if stored.crop is None else stored.crop.to_data(),
        "facts": dict(stored.facts),
    }
    arrays: dict[str, NDArray[np.generic]] = {"w": ws[None], "latent": stored.latent.values}
    if stored.noise is not None:
        arrays |= {f"noise_{index:02d}": one for index, one in enumerate(stored.noise.maps)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, metadata=np.array(json.dumps(metadata, sort_keys=True)), **arrays)
    return buffer.getvalue()


def convert_latent(
    path: Path, stored: Sequence[StoredLatent], all_ws: Sequence[NDArray[np.float32]], *, format: LatentFormat
) -> None:
    """Write latents as another program reads them.

    Args:
        path: of the file.
        stored: one or more; ``latent`` holds exactly one.
        all_ws: what each renders, ``(num_ws, w_dim)``.
        format: whose kind of file.

    Raises:
        InputError: our own kind holds one latent only.
        ExportError: the disk refuses.
    """
    from latent_studio.exporters.part_file import write_file

    if format == "latent":
        if len(stored) != 1:
            raise InputError(
                f"A latent file holds one latent, here are {len(stored)}.", hint="Choose one with --index."
            )
        write_latent(path, stored[0], ws=all_ws[0])
        return
    buffer = io.BytesIO()
    stacked = np.stack(all_ws).astype(np.float32)
    match format:
        case "ada":
            np.savez(buffer, allow_pickle=False, w=stacked)
        case "npy":
            np.save(buffer, stacked, allow_pickle=False)
        case "mmgen" | "rosinality":
            import torch

            key = "injected_noise" if format == "mmgen" else "noise"
            tree = {}
            for index, (one, ws) in enumerate(zip(stored, all_ws, strict=True)):
                maps = () if one.noise is None else one.noise.maps
                tree[one.name or f"latent{index}"] = {
                    "img": torch.zeros(3, 1, 1),
                    "latent": torch.from_numpy(ws.copy()),
                    key: [torch.from_numpy(np.array(noise))[None, None] for noise in maps],
                }
            torch.save(tree, buffer)
    write_file(path, buffer.getvalue())


def read_latents(
    path: Path,
    spec: GeneratorSpec | None = None,
    *,
    space: Space | None = None,
    at_most: int | None = _MOST,
) -> tuple[StoredLatent, ...]:
    """Read every latent of a file.

    Args:
        path: our own ``.npz``; StyleGAN2-ADA's ``projected_w.npz``; ``.npy``, ``.npz`` or ``.pt`` of bare
            arrays such as ``dlatents.npy``; projection results of mmgeneration or rosinality.
        spec: of the open model, which settles most guesses; arrays that do not fit it are passed over where
            others do.
        space: what a bare array is, if the user says so.
        at_most: latents of a file; ``None`` for as many as there are.

    Raises:
        InputError: there is no latent in it, or there are too many.
        LatentStudioError: the file is damaged or unsafe.
    """
    from latent_studio.checkpoints.arrays import read_arrays

    file = read_arrays(path)
    own = _own(file)
    if own is not None:
        return (own,)
    groups = _projections(file)
    if groups:
        return groups
    found = _bare(file, path.stem, spec, space)
    if at_most is not None and len(found) > at_most:
        raise InputError(f"{file.name} holds more than {at_most} latents.", hint="Choose a smaller file.")
    if not found:
        raise InputError(
            f"There is no latent in {file.name}.",
            hint="Arrays of one, two or three axes are read, the last of them z or w.",
        )
    return tuple(found)


def _bare(file: ArrayFile, stem: str, spec: GeneratorSpec | None, space: Space | None) -> list[StoredLatent]:
    """Latents of arrays that say nothing of themselves."""
    named = {name: array for name, array in file.arrays.items() if array.dtype.kind == "f"}
    last = {name: name.rpartition(".")[2] for name in named}
    wanted = next((word for word in NAMES if word in last.values()), None)
    found = []
    for name, array in named.items():
        if wanted not in (None, last[name]):
            continue
        taken = bare_latents(array.astype(np.float32), (last[name], stem), spec, space)
        if taken is None:
            continue
        label = f"{file.name}: {name}" if name else file.name
        for index, values in enumerate(taken.values):
            shown = label if len(taken.values) == 1 else f"{label} {index}"
            how = f"An array of shape {array.shape}, read as {taken.space.value} {values.shape}: {taken.why}."
            found.append(StoredLatent(Latent(taken.space, values), shown, None, how))
    fitting = [
        one for one in found if spec is None or one.latent.values.shape == shape_in(one.latent.space, spec)
    ]
    return fitting or found


def _own(file: ArrayFile) -> StoredLatent | None:
    from latent_studio.app.crop_record import CropRecord

    try:
        metadata = json.loads(file.texts.get("metadata", "null"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(metadata, dict) or metadata.get("kind") != KIND:
        return None
    try:
        if int(metadata["version"]) > VERSION:
            raise InputError(f"{file.name} was written by a newer Latent Studio.", hint="Update the program.")
        space = Space(metadata["space"])
        latent = Latent(space, np.asarray(file.arrays["latent"], dtype=np.float32))
        maps = [file.arrays[name] for name in sorted(file.arrays) if name.startswith("noise_")]
        crop = metadata.get("crop")
        facts = metadata.get("facts")
        model = metadata.get("model") or {}
        return StoredLatent(
            latent,
            str(metadata.get("name", "")),
            FoundNoise([np.asarray(one, dtype=np.float32) for one in maps]) if maps else None,
            f"A latent of Latent Studio in {space.value}, shape {latent.values.shape}.",
            str(model.get("name", "")),
            str(model.get("sha256", "")),
            None if crop is None else CropRecord.from_data(crop, name=file.name),
            facts if isinstance(facts, dict) else {},
        )
    except LatentStudioError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file.name} is a damaged latent file.", hint="Project the photo again.") from error


def _projections(file: ArrayFile) -> tuple[StoredLatent, ...]:
    """Results of mmgeneration's and rosinality's projectors: by the target's path."""
    found = []
    for name, array in file.arrays.items():
        target, _, kind = name.rpartition(".")
        if kind != "latent" or not target:
            continue
        found_key = next(
            (key for key in ("injected_noise", "noise") if f"{target}.{key}.0" in file.arrays), ""
        )
        maps: list[NDArray[np.float32]] = []
        while found_key and f"{target}.{found_key}.{len(maps)}" in file.arrays:
            one = np.asarray(file.arrays[f"{target}.{found_key}.{len(maps)}"], dtype=np.float32)
            maps.append(one.reshape(one.shape[-2:]) if one.ndim >= 2 and one.size else one)
        program = {"injected_noise": "mmgeneration", "noise": "rosinality"}.get(found_key, "another program")
        values = np.asarray(array, dtype=np.float32)
        values = values[0] if values.ndim == 3 and len(values) == 1 else values
        space = Space.W_PLUS if values.ndim == 2 and len(values) > 1 else Space.W
        values = values[0] if values.ndim == 2 and space is Space.W else values
        latent = Latent(space, values)
        how = f"A projection of {program}, read as {space.value} {latent.values.shape}"
        how += f" with {len(maps)} noise maps." if maps else "."
        shown = target.replace("\\", "/").rpartition("/")[2]
        found.append(StoredLatent(latent, shown, FoundNoise(maps) if maps else None, how))
    return tuple(found)
