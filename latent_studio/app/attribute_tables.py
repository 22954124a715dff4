"""Attribute tables: what predictors read off the pictures of a traversal, kept in its folder.

::

    OUT/attributes.npz      values (K, N, T, A) float32, NaN where not told; spread (A,), over random pictures
    OUT/attributes.json     what the columns are, and who read them
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import InputError
from latent_studio.core.files import replacing
from latent_studio.methods.attributes.protocol import AttributeInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_INDEX, _VALUES = "attributes.json", "attributes.npz"


@dataclass(frozen=True, slots=True, eq=False)
class AttributeTable:
    """Attributes along the paths of a traversal.

    Attributes:
        attributes: of the columns, ids all different.
        predictors: id of the predictor of each column.
        likeness: ids of those measured against the path's start.
        paths: index in the traversal of each row of ``values``.
        values: ``(K, N, T, A)`` float32; NaN where not told.
        spread: ``(A,)`` float32, standard deviation over random pictures; 0 where it could not be told.
    """

    attributes: tuple[AttributeInfo, ...]
    predictors: tuple[str, ...]
    likeness: frozenset[str]
    paths: tuple[int, ...]
    values: NDArray[np.float32]
    spread: NDArray[np.float32]

    @property
    def ids(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(info.id for info in self.attributes)

    def only(self, ids: tuple[str, ...]) -> AttributeTable:
        """The table with some columns only, in the order of ``ids``."""
        columns = [self.ids.index(id) for id in ids]
        return AttributeTable(
            tuple(self.attributes[c] for c in columns),
            tuple(self.predictors[c] for c in columns),
            self.likeness & set(ids),
            self.paths,
            self.values[..., columns],
            self.spread[columns],
        )

    def write(self, folder: Path) -> None:
        """Write into a traversal's folder.

        Raises:
            OSError: the disk refuses.
        """
        with replacing(folder / _VALUES) as file:
            np.savez(file, allow_pickle=False, values=self.values, spread=self.spread)
        index = {
            "attributes": [asdict(info) for info in self.attributes],
            "predictors": list(self.predictors),
            "likeness": sorted(self.likeness),
            "paths": list(self.paths),
        }
        with replacing(folder / _INDEX) as file:
            file.write(json.dumps(index, indent=1).encode())


def read_attribute_table(folder: Path) -> AttributeTable:
    """Read what a traversal's folder holds.

    Raises:
        InputError: nothing was measured there yet, or the files are damaged.
    """
    try:
        index: Mapping[str, list[object]] = json.loads((folder / _INDEX).read_text("utf-8"))
        with np.load(folder / _VALUES, allow_pickle=False) as file:
            values, spread = file["values"].astype(np.float32), file["spread"].astype(np.float32)
        table = AttributeTable(
            tuple(AttributeInfo(**info) for info in index["attributes"]),  # type: ignore[arg-type]
            tuple(str(one) for one in index["predictors"]),
            frozenset(str(one) for one in index["likeness"]),
            tuple(int(str(one)) for one in index["paths"]),
            values,
            spread,
        )
    except FileNotFoundError as error:
        raise InputError(
            f"No attributes have been measured in {folder}.", hint="Run “attributes” on it first."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"The attributes in {folder} are damaged.", hint="Run “attributes” on it again."
        ) from error
    if values.ndim != 4 or values.shape[3] != len(table.attributes) or len(values) != len(table.paths):
        raise InputError(f"The attributes in {folder} are damaged.", hint="Run “attributes” on it again.")
    return table
