"""Directions out of other programs' files: how a file was read, said in words, and ways to correct it.

No file of the field says what it is: a boundary of InterFaceGAN is a bare array whose space stands in its
name, and a row of Puzer's is a vector of any length. So every reading is a guess that is told and can be
changed.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import InputError, LatentStudioError
from latent_studio.core.spaces import Space
from latent_studio.core.spread import spread_along, spread_of_path
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.warp_path import WarpPath

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.checkpoints.arrays import ArrayFile
    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.spec import GeneratorSpec

#: ``keep`` moves by the vector as it is; ``unit`` scales each row to length one.
Norm = Literal["keep", "unit"]
#: Directions as rows or as columns of a matrix.
Axis = Literal["rows", "columns"]

#: A vector this close to length one was meant to have it.
_NEARLY_UNIT = 0.01
_ANOTHER_MODEL = "It was found on another model; what it does here is anybody’s guess."
_COLUMN_KEYS = ("eigen_vector", "eigvec")
_PROJECTION_KEYS = frozenset({"w", "latent", "dlatents", "projected_w", "z", "wp", "latent_codes"})
_BOUNDARY_NAME = re.compile(
    r"(?:(?:pggan|stylegan2?|stylegan3)_[a-z0-9]+_)?(?P<what>.+?)(?P<w>_wp?)?(?:_c_(?P<without>.+?))?_boundary"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a user may correct about how a file is read; ``None`` leaves it to the file.

    Attributes:
        space: where the vectors live.
        rows: rows of ws they are meant for; empty means all.
        norm: keep the lengths, or scale every row to length one.
        axis: whether a matrix holds its directions as rows or as columns.
        count: how many of a matrix or a set of paths are taken, from the first on.
    """

    space: Space | None = None
    rows: Rows = None
    norm: Norm | None = None
    axis: Axis | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedDirections:
    """What came out of a file.

    Attributes:
        directions: checked against the model.
        sentence: how the file was read.
        warnings: what may be wrong with that, one sentence each.
        reading: what was taken for each of the things that can be corrected.
    """

    directions: tuple[Direction, ...]
    sentence: str
    warnings: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)


def import_directions(
    path: Path,
    spec: GeneratorSpec,
    *,
    reading: Reading | None = None,
    model_sha256: str = "",
    ws_samples: NDArray[np.float32] | None = None,
) -> ImportedDirections:
    """Read the directions in a file of any known layout, for one model.

    Args:
        path: a ``.npy``, ``.npz``, ``.pt``, ``.pth`` or ``.safetensors`` file.
        spec: facts about the model they are meant for.
        reading: corrections of how it is read.
        model_sha256: the model's hash; a file that names another one is warned about.
        ws_samples: ``(n, w_dim)`` float32, w of random seeds, to learn how far latents spread along each.

    Raises:
        InputError: the file holds no directions, or none that fit this model; says why.
        CheckpointError: the file cannot be read.
        IncompatibleLatentError: a direction is zero or not finite, or a row is not in the model.
    """
    from latent_studio.checkpoints.arrays import read_arrays

    return _Importer(read_arrays(path), path, spec, reading or Reading(), model_sha256, ws_samples).result()


class _Importer:
    """One file on its way to directions."""

    def __init__(
        self,
        file: ArrayFile,
        path: Path,
        spec: GeneratorSpec,
        reading: Reading,
        model_sha256: str,
        ws_samples: NDArray[np.float32] | None,
    ) -> None:
        self._file = file
        self._path = path
        self._spec = spec
        self._reading = reading
        self._sha256 = model_sha256
        self._ws_samples = ws_samples
        self._warnings: list[str] = []
        self._names_its_model = False

    def result(self) -> ImportedDirections:
        """Try the layouts from the most telling to the barest."""
        from latent_studio.app.direction_files import HEADER_KEY

        names = set(self._file.arrays)
        if HEADER_KEY in self._file.texts:
            found = self._own_file()
        elif any(name.rpartition(".")[2] == "SUPPORT_SETS" for name in names):
            found = self._support_sets()
        elif {"lat_comp", "lat_stdev"} <= names or {"act_comp", "act_stdev"} <= names:
            found = self._ganspace()
        elif "vectors" in names:
            found = self._sefa_export()
        elif keys := [name for name in _COLUMN_KEYS if name in names]:
            found = self._factor(keys[0])
        else:
            found = self._bare()
        for direction in found.directions:
            direction.check_fits(self._spec)
        if not self._names_its_model:
            self._warnings.append("The file does not say which model it was found on; only its sizes fit.")
        return replace(found, warnings=(*found.warnings, *self._warnings))

    # --- layouts ------------------------------------------------------------------------------------------

    def _own_file(self) -> ImportedDirections:
        from latent_studio.app.direction_files import HEADER_KEY, directions_of

        header = self._file.texts[HEADER_KEY]
        arrays = {name: array.astype(np.float32) for name, array in self._file.arrays.items()}
        directions = directions_of(header, arrays, file_name=self._file.name)
        self._names_its_model = all(direction.info.model_sha256 for direction in directions)
        if any(direction.info.model_sha256 not in ("", self._sha256) for direction in directions):
            self._warnings.append(_ANOTHER_MODEL)
        found = _counted(len(directions), "direction")
        return ImportedDirections(directions, f"A file of Latent Studio’s with {found}.", (), self._reading)

    def _sefa_export(self) -> ImportedDirections:
        """What the ``sefa`` and ``pca`` verbs write: vectors as rows, and what is known of them."""
        facts = _facts(self._file.texts.get("metadata") or self._file.texts.get("latent-studio", ""))
        vectors = self._matrix("vectors")
        count = self._taken(len(vectors))
        sigma = self._per_direction("sigma", len(vectors))
        values = self._per_direction("eigenvalues", len(vectors))
        space = self._reading.space or Space(str(facts.get("space", Space.W.value)))
        layers = facts.get("layers")
        rows = self._reading.rows
        if rows is None and isinstance(layers, list):
            rows = tuple(int(row) for row in layers)
        model = facts.get("model")
        named = str(model.get("sha256", "")) if isinstance(model, dict) else ""
        self._names_its_model = bool(named)
        if named and self._sha256 and named != self._sha256:
            self._warnings.append(_ANOTHER_MODEL)
        method = str(facts.get("method", "sefa"))
        directions = [
            self._linear(
                vectors[k],
                f"{self._stem} {k}",
                k,
                space=space,
                rows=rows or None,
                norm=self._reading.norm or "keep",
                sigma=None if sigma is None else float(sigma[k]),
                source="factor" if method == "sefa" else method,
                details={} if values is None else {"eigenvalue": float(values[k])},
            )
            for k in range(count)
        ]
        sentence = f"Read as {_counted(count, 'direction')} of {method}, rows of a matrix, in {space.value}."
        reading = replace(
            self._reading, space=space, norm=self._reading.norm or "keep", axis="rows", count=count
        )
        return ImportedDirections(tuple(directions), sentence, (), reading)

    def _factor(self, key: str) -> ImportedDirections:
        """Factor files of mmgeneration (``eigen_vector``) and rosinality (``eigvec``): columns of V."""
        matrix = self._matrix(key)
        axis: Axis = self._reading.axis or "columns"
        vectors = matrix.T if axis == "columns" else matrix
        count = self._taken(len(vectors), usual=20)
        space = self._reading.space or Space.W
        norm: Norm = self._reading.norm or "keep"
        program = "mmgeneration" if key == "eigen_vector" else "rosinality"
        directions = [
            self._linear(
                vectors[k],
                f"{self._stem} {k}",
                k,
                space=space,
                rows=self._reading.rows or None,
                norm=norm,
                source="factor",
            )
            for k in range(count)
        ]
        ckpt = self._file.texts.get("ckpt", "")
        made_for = f" It names the checkpoint {ckpt.rpartition('/')[2]}." if ckpt else ""
        sentence = (
            f"Read as a SeFa factor of {program}: the first {count} of "
            f"{len(vectors)} {axis}, in {space.value}."
            f"{made_for}"
        )
        reading = replace(self._reading, space=space, norm=norm, axis=axis, count=count)
        return ImportedDirections(tuple(directions), sentence, (), reading)

    def _ganspace(self) -> ImportedDirections:
        """A cache of GANSpace: ``lat_comp (C, 1, D)`` unit components, ``lat_stdev (C,)``."""
        prefix = "lat" if "lat_comp" in self._file.arrays else "act"
        components = self._floats(f"{prefix}_comp").reshape(len(self._floats(f"{prefix}_comp")), -1)
        stdev = self._per_direction(f"{prefix}_stdev", len(components))
        ratio = self._per_direction("var_ratio", len(components))
        if prefix == "act":
            self._warnings.append(
                "It holds components of activations only; they are taken as directions of the latent."
            )
        count = self._taken(len(components))
        space = self._reading.space or self._space_by_size(components.shape[1])
        norm: Norm = self._reading.norm or "unit"
        directions = [
            self._linear(
                components[k],
                f"PC {k}",
                k,
                space=space,
                rows=self._reading.rows or None,
                norm=norm,
                sigma=None if stdev is None else float(stdev[k]),
                source="pca",
                details={} if ratio is None else {"index": k, "variance share": float(ratio[k])},
            )
            for k in range(count)
        ]
        found = _counted(count, "principal component")
        sentence = f"Read as a GANSpace cache: {found} in {space.value}, measured in sigma."
        reading = replace(self._reading, space=space, norm=norm, count=count)
        return ImportedDirections(tuple(directions), sentence, (), reading)

    def _support_sets(self) -> ImportedDirections:
        """WarpedGANSpace: ``SUPPORT_SETS (K, 2N d)``, ``ALPHAS (K, 2N)``, ``LOGGAMMA (K, 1)``."""
        name = next(name for name in self._file.arrays if name.rpartition(".")[2] == "SUPPORT_SETS")
        prefix = name.removesuffix("SUPPORT_SETS")
        flat, alphas = self._floats(name), self._floats(f"{prefix}ALPHAS")
        if flat.ndim != 2 or alphas.ndim != 2 or len(flat) != len(alphas) or flat.shape[1] % alphas.shape[1]:
            raise InputError(
                f"{self._file.name} has support sets of shape {flat.shape} and weights "
                f"of shape {alphas.shape}, which do not belong together."
            )
        dim = flat.shape[1] // alphas.shape[1]
        settings = _settings_beside(self._path)
        trained_on = str(settings.get("gan_type", ""))
        self._names_its_model = bool(trained_on)
        if trained_on and self._spec.family not in trained_on.lower().replace("_", ""):
            self._warnings.append(f"It was trained on {trained_on}, but this model is a {self._spec.family}.")
        space = self._reading.space
        if space is None:
            in_w = settings.get("shift_in_w_space")
            space = self._space_by_size(dim) if in_w is None else (Space.W if in_w else Space.Z)
        gammas, how = self._gammas(prefix, settings, count=len(flat), dim=dim)
        if not settings:
            self._warnings.append(
                "There is no args.json beside it, so space and gamma are taken from the numbers alone."
            )
        self._check_dim(dim, space)
        count = self._taken(len(flat))
        rows = _rows_of_paths(settings, len(flat))
        stem = self._stem if self._stem not in ("support_sets", "checkpoint") else _experiment(self._path)
        paths = [
            WarpPath(
                f"warp:{field.digest[:12]}:{k}",
                f"Path {k}",
                space,
                field,
                rows=self._reading.rows or rows[k],
                sigma=spread_of_path(field, space, self._ws_samples),
                info=DirectionInfo(
                    "warp",
                    "",
                    {"file": self._file.name, "experiment": stem, "index": k, "gamma": field.gamma},
                ),
            )
            for k in range(count)
            for field in [SupportSet(flat[k].reshape(-1, dim), alphas[k], gammas[k])]
        ]
        sentence = (
            f"Read as WarpedGANSpace: {_counted(count, 'path')} of "
            f"{alphas.shape[1] // 2} dipoles in {space.value}, "
            f"gamma {how}."
        )
        reading = replace(self._reading, space=space, count=count)
        return ImportedDirections(tuple(paths), sentence, (), reading)

    def _bare(self) -> ImportedDirections:
        """One array without any word about it: ``[d] [1,d] [L,d] [1,L,d]``, or several directions at once."""
        numbers = {
            name: array
            for name, array in self._file.arrays.items()
            if array.dtype.kind == "f" and array.size > 1
        }
        if not numbers:
            raise InputError(
                f"{self._file.name} holds no vectors of floating-point numbers.",
                hint="It is no file of directions.",
            )
        if len(numbers) > 1:
            raise InputError(
                f"{self._file.name} holds several arrays "
                f"({', '.join(sorted(numbers)[:5])}), none of a known name.",
                hint="Save the direction alone as .npy, or under the name “vectors”.",
            )
        ((key, _),) = numbers.items()
        if key in _PROJECTION_KEYS:
            raise InputError(
                f"{self._file.name} holds latents under the name {key!r}, not a direction.",
                hint="Start from them instead: open it as a latent. Two folders of them make a boundary.",
            )
        array = self._floats(key)
        if array.ndim == 3 and len(array) == 1:
            array = array[0]
        if array.ndim == 1:
            array = array[None]
        if self._reading.axis == "columns" and array.ndim == 2:
            array = array.T
        if array.ndim == 3 and array.shape[1] == self._spec.num_ws:
            return self._several(array, Space.W_PLUS)
        if array.ndim != 2:
            raise self._misfit(array.shape)
        many_rows = len(array) == self._spec.num_ws and self._reading.space in (None, Space.W_PLUS)
        if len(array) > 1 and many_rows:
            return self._whole(array)
        if len(array) == 1:
            return self._one(array[0])
        return self._several(array, self._reading.space or self._space_by_size(array.shape[1]))

    def _one(self, vector: NDArray[np.float32]) -> ImportedDirections:
        match = _BOUNDARY_NAME.fullmatch(self._path.stem.lower())
        self._check_dim(len(vector), None)
        space = self._reading.space
        if space is None and match is not None and self._spec.z_dim == len(vector):
            space = Space.W if match["w"] and self._spec.w_dim == len(vector) else Space.Z
        space = space or self._space_by_size(len(vector))
        if space is Space.W_PLUS:
            vectors: NDArray[np.float32] = np.tile(vector, (self._spec.num_ws, 1))
        else:
            vectors = vector
        length = float(np.linalg.norm(vector))
        norm: Norm = self._reading.norm or ("unit" if abs(length - 1) < _NEARLY_UNIT else "keep")
        source = "boundary" if match is not None else "import"
        direction = self._linear(
            vectors,
            self._title(match),
            0,
            space=space,
            rows=self._reading.rows or None,
            norm=norm,
            source=source,
        )
        told = " as its name says" if match is not None and self._reading.space is None else ""
        kind = "a boundary of InterFaceGAN" if match is not None else "one vector"
        sentence = f"Read as {kind} in {space.value}{told}, length {length:.3g}{_norm_words(norm, length)}."
        return ImportedDirections((direction,), sentence, (), replace(self._reading, space=space, norm=norm))

    def _whole(self, array: NDArray[np.float32]) -> ImportedDirections:
        """A direction of W+: one row for each of the model's."""
        self._check_dim(array.shape[1], Space.W_PLUS)
        lengths = np.linalg.norm(array, axis=1)
        norm: Norm = self._reading.norm or "keep"
        direction = self._linear(
            array,
            self._title(None),
            0,
            space=Space.W_PLUS,
            rows=self._reading.rows or None,
            norm=norm,
            source="import",
        )
        equal = bool((array == array[:1]).all())
        sizes = (
            f"{lengths[0]:.3g} each"
            if np.ptp(lengths) < 1e-3
            else f"{lengths.min():.3g} to {lengths.max():.3g}"
        )
        sentence = (
            f"Read as one direction of w+ with {len(array)} "
            f"rows{', all equal' if equal else ''}, of length {sizes}"
            f"{', scaled to one' if norm == 'unit' else ', kept as they are'}."
        )
        return ImportedDirections(
            (direction,), sentence, (), replace(self._reading, space=Space.W_PLUS, norm=norm)
        )

    def _several(self, array: NDArray[np.float32], space: Space) -> ImportedDirections:
        if array.ndim == 2:
            self._check_dim(array.shape[-1], space)
        count = self._taken(len(array), usual=20 if len(array) == array.shape[-1] else None)
        norm: Norm = self._reading.norm or "keep"
        directions = [
            self._linear(
                np.tile(array[k], (self._spec.num_ws, 1))
                if space is Space.W_PLUS and array.ndim == 2
                else array[k],
                f"{self._stem} {k}",
                k,
                space=space,
                rows=self._reading.rows or None,
                norm=norm,
                source="import",
            )
            for k in range(count)
        ]
        sentence = f"Read as {_counted(count, 'direction')} in {space.value}, rows of an array {array.shape}."
        reading = replace(
            self._reading, space=space, norm=norm, axis=self._reading.axis or "rows", count=count
        )
        return ImportedDirections(tuple(directions), sentence, (), reading)

    # --- parts --------------------------------------------------------------------------------------------

    @property
    def _stem(self) -> str:
        return self._path.stem.replace("_", " ").strip() or "direction"

    def _title(self, match: re.Match[str] | None) -> str:
        if match is None:
            return self._stem
        without = match["without"]
        name = match["what"].replace("_", " ")
        return f"{name} without {without.replace('_', ', ')}" if without else name

    def _linear(
        self,
        vector: NDArray[np.float32],
        name: str,
        index: int,
        *,
        space: Space,
        rows: Rows,
        norm: Norm,
        sigma: float | None = None,
        source: str,
        details: dict[str, str | int | float] | None = None,
    ) -> LinearDirection:
        """A straight direction; its sigma is measured when the file does not say it."""
        lengths = np.linalg.norm(vector, axis=-1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.any():
            raise InputError(
                f"{self._file.name} has a direction that is zero or holds values that are not finite.",
                hint="Export it again from the tool that made it.",
            )
        if norm == "unit":
            vector = np.asarray(vector / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
            if sigma is not None and lengths.size == 1:
                sigma *= float(lengths.reshape(-1)[0])
        facts = {"file": self._file.name, "length": float(lengths.max()), **(details or {})}
        made = LinearDirection("", name, space, vector, rows=rows)
        return LinearDirection(
            f"file:{made.digest[:12]}:{index}",
            name,
            space,
            vector,
            rows=rows,
            sigma=spread_along(made, self._ws_samples) if sigma is None or sigma <= 0 else sigma,
            info=DirectionInfo(source, "", facts),
        )

    def _floats(self, name: str) -> NDArray[np.float32]:
        array = self._file.arrays.get(name)
        if array is None or array.dtype.kind not in "fiu" or array.size == 0:
            raise InputError(
                f"{self._file.name} has no array {name!r} of numbers, which belongs to this layout."
            )
        return array.astype(np.float32)

    def _matrix(self, name: str) -> NDArray[np.float32]:
        array = self._floats(name)
        if array.ndim != 2:
            raise self._misfit(array.shape)
        return array

    def _per_direction(self, name: str, count: int) -> NDArray[np.float32] | None:
        """One number for each direction; ``None`` when the file has none that can be used."""
        if name not in self._file.arrays:
            return None
        values = self._floats(name).reshape(-1)
        return values if len(values) == count and bool(np.isfinite(values).all()) else None

    def _taken(self, there: int, *, usual: int | None = None) -> int:
        return min(there, self._reading.count or usual or there)

    def _gammas(
        self, prefix: str, settings: dict[str, object], *, count: int, dim: int
    ) -> tuple[list[float], str]:
        """Without learned gammas the program takes the one of its settings, whatever is stored."""
        stored = self._per_direction(f"{prefix}LOGGAMMA", count)
        if stored is not None and settings.get("learn_gammas", True):
            return [math.exp(min(float(value), 80.0)) for value in stored], "as learned"
        given = settings.get("gamma")
        gamma = float(given) if isinstance(given, int | float) and given > 0 else 1.0 / dim
        return [gamma] * count, f"{gamma:.4g} for all"

    def _space_by_size(self, dim: int) -> Space:
        """W where it can be; z where only that fits, or where z is all there is."""
        spec = self._spec
        self._check_dim(dim, None)
        if dim == spec.w_dim and (spec.has_mapping or dim != spec.z_dim):
            return Space.W
        return Space.Z if dim == spec.z_dim else Space.W

    def _check_dim(self, dim: int, space: Space | None) -> None:
        spec = self._spec
        fitting = {None: {spec.z_dim, spec.w_dim}, Space.Z: {spec.z_dim}}.get(space, {spec.w_dim})
        if dim not in fitting:
            raise self._misfit((dim,), space)

    def _misfit(self, shape: Sequence[int], space: Space | None = None) -> InputError:
        spec = self._spec
        sizes = " × ".join(str(length) for length in shape)
        where = f" in {space.value}" if space is not None else ""
        return InputError(
            f"{self._file.name} holds {sizes} numbers; a direction of this model{where} has "
            f"{spec.z_dim} in z, {spec.w_dim} in w and {spec.num_ws} rows of {spec.w_dim} in w+.",
            hint="It was made for another model.",
        )


def _settings_beside(path: Path) -> dict[str, object]:
    """The args.json of the experiment a file of support sets is in; empty where there is none."""
    for folder in (path.parent, path.parent.parent):
        try:
            read = json.loads((folder / "args.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(read, dict):
            return read
    return {}


def _rows_of_paths(settings: Mapping[str, object], count: int) -> tuple[tuple[int, ...] | None, ...]:
    """The rows that each path of a training moves; only our own trainings say it."""
    from latent_studio.methods.warp.settings import WarpSettings

    try:
        ours = settings["latent_studio"]["settings"]  # type: ignore[index]
        rows = WarpSettings.from_record(ours).rows_of_paths()
    except (KeyError, TypeError, LatentStudioError):
        rows = ()
    return rows if len(rows) == count else (None,) * count


def _experiment(path: Path) -> str:
    folder = path.parent.parent if path.parent.name == "models" else path.parent
    return folder.name or path.stem


def _facts(text: str) -> dict[str, object]:
    try:
        read = json.loads(text) if text else {}
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _counted(count: int, noun: str) -> str:
    return f"one {noun}" if count == 1 else f"{count} {noun}s"


def _norm_words(norm: Norm, length: float) -> str:
    if norm == "keep":
        return ", kept as it is"
    return "" if abs(length - 1) < 1e-3 else ", scaled to one"
