"""Traversal: every latent of a pool moved along every direction of a set, step by step.

::

    OUT/
      traversal.json          model, pool, directions, amounts
      directions.safetensors  the directions themselves
      path003/                one folder per direction, complete once latents.npz is there
        sheet.png             contact sheet: a row per latent, a column per step
        stills/seed0007/      full pictures, 000.png and so on, if they were asked for
        latents.npz           ws (N, T, num_ws, w_dim) float32: rendered as they are, they give the pictures;
                              (N, T, 1, w_dim) where all rows are the same; amounts (N, T), in the units of
                              the traversal's
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from latent_studio import __version__
from latent_studio.app.direction_files import direction_file_bytes, read_direction_file
from latent_studio.core.errors import InputError, LatentStudioError
from latent_studio.core.files import replacing
from latent_studio.core.session import Session
from latent_studio.core.session_record import session_from_record, session_to_record

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction
    from latent_studio.core.session import ModelRef
    from latent_studio.core.synthesis import SynthesisSettings

_INDEX, _DIRECTIONS, _LATENTS = "traversal.json", "directions.safetensors", "latents.npz"


@dataclass(frozen=True, slots=True)
class Traversal:
    """What was, or will be, walked.

    Attributes:
        folder: where it is.
        model_name: what the user calls the model.
        model_sha256: the model's hash.
        seeds: one per latent of the pool.
        directions: in order; the index is the ``path_idx``.
        amounts: ascending, in units of each direction, or in its sigma; 0 is one of them.
        num_ws: rows of ws of the model.
        synthesis: what all pictures share; truncation is in the stored latents already.
        in_sigma: whether amounts are in standard deviations of the model's latents along each direction.
        even: whether each latent's pictures stand where equal steps change them equally: the first and the
            last amount hold for all, those between count the steps, and 0 is halfway and not the start.
    """

    folder: Path
    model_name: str
    model_sha256: str
    seeds: tuple[int, ...]
    directions: tuple[Direction, ...]
    amounts: tuple[float, ...]
    num_ws: int
    synthesis: SynthesisSettings
    in_sigma: bool = False
    even: bool = False

    def path_folder(self, path_idx: int) -> Path:
        """Of one direction."""
        return self.folder / f"path{path_idx:03d}"

    def is_complete(self, path_idx: int) -> bool:
        """Whether a direction has been walked."""
        return (self.path_folder(path_idx) / _LATENTS).is_file()

    @property
    def complete(self) -> tuple[int, ...]:
        """The directions that have been walked."""
        return tuple(k for k in range(len(self.directions)) if self.is_complete(k))

    @property
    def centre(self) -> int:
        """Index of the amount 0."""
        return self.amounts.index(0.0)

    def unit(self, path_idx: int) -> float:
        """How long an amount of 1 is along a direction, in its own units."""
        return self.directions[path_idx].sigma if self.in_sigma else 1.0

    def check_model(self, model: ModelRef) -> None:
        """Refuse a traversal of another model.

        Raises:
            InputError: it is one; names both.
        """
        if model.sha256 != self.model_sha256:
            raise InputError(
                f"{self.folder} is a traversal of {self.model_name}, but the model is {model.name}, "
                "another file.",
                hint="Give the model it was made with, or make one of this model with “pool traverse”.",
            )

    def write(self) -> None:
        """Write index and directions.

        Raises:
            OSError: the disk refuses.
        """
        with replacing(self.folder / _DIRECTIONS) as file:
            file.write(direction_file_bytes(self.directions))
        with replacing(self.folder / _INDEX) as file:
            file.write(json.dumps(self._index(), indent=1).encode())

    def differences(self, other: Traversal) -> list[str]:
        """What another traversal does differently, a few words each."""
        mine, theirs = self._index(), other._index()
        return [
            f"{key} differ"
            for key in ("model", "seeds", "synthesis", "directions", "amounts", "unit", "steps")
            if mine[key] != theirs[key]
        ]

    def save_latents(self, path_idx: int, ws: NDArray[np.float32], amounts: NDArray[np.float64]) -> None:
        """Write the latents of a direction, which completes it.

        Args:
            path_idx: which.
            ws: ``(N, T, num_ws, w_dim)``.
            amounts: ``(N, T)``: how far each is along.

        Raises:
            OSError: the disk refuses.
        """
        kept = ws[:, :, :1] if (ws == ws[:, :, :1]).all() else ws
        with replacing(self.path_folder(path_idx) / _LATENTS) as file:
            np.savez(file, allow_pickle=False, ws=kept, amounts=amounts.astype(np.float32))

    def read_latents(self, path_idx: int) -> NDArray[np.float32]:
        """``(N, T, num_ws, w_dim)`` float32, read-only: the latents of a direction's pictures.

        Raises:
            InputError: they are missing or damaged.
        """
        path = self.path_folder(path_idx) / _LATENTS
        try:
            with np.load(path, allow_pickle=False) as file:
                ws = file["ws"].astype(np.float32)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} is missing or damaged.", hint="Run the traversal again.") from error
        shape = (len(self.seeds), len(self.amounts), self.num_ws, ws.shape[-1])
        return np.broadcast_to(ws, shape)

    def _index(self) -> dict[str, object]:
        return {
            "program": f"Latent Studio {__version__}",
            "model": {"name": self.model_name, "sha256": self.model_sha256, "num_ws": self.num_ws},
            "seeds": list(self.seeds),
            "synthesis": session_to_record(Session(synthesis=self.synthesis))[0]["synthesis"],
            "amounts": list(self.amounts),
            "unit": "sigma" if self.in_sigma else "direction",
            "steps": "even to the eye" if self.even else "of equal amounts",
            "directions": [
                {"id": one.id, "name": one.name, "space": one.space.value} for one in self.directions
            ],
        }


def read_traversal(folder: Path) -> Traversal:
    """Read what a folder holds.

    Raises:
        InputError: no traversal, or a damaged one.
    """
    try:
        index = json.loads((folder / _INDEX).read_text("utf-8"))
        model = index["model"]
        return Traversal(
            folder,
            str(model["name"]),
            str(model["sha256"]),
            tuple(int(seed) for seed in index["seeds"]),
            read_direction_file(folder / _DIRECTIONS),
            tuple(float(amount) for amount in index["amounts"]),
            int(cast("int", model["num_ws"])),
            session_from_record({"synthesis": index["synthesis"]}, {}).synthesis,
            # Older ones do not say it.
            index.get("unit") == "sigma",
            index.get("steps") == "even to the eye",
        )
    except FileNotFoundError as error:
        raise InputError(f"{folder} holds no traversal.", hint="Make one with “pool traverse”.") from error
    except (OSError, ValueError, KeyError, TypeError, LatentStudioError) as error:
        raise InputError(f"The traversal in {folder} is damaged.", hint="Make it again.") from error


def step_amounts(steps: int, eps: float, *, leap: int = 1, both_ways: bool = True) -> tuple[float, ...]:
    """The amounts of a traversal: multiples of ``eps``, ascending, 0 among them.

    Args:
        steps: how many steps each way.
        eps: length of a step, in units of the direction.
        leap: keep every ``leap``-th.
        both_ways: also to the negative side.
    """
    there = [eps * leap * index for index in range(1, steps // leap + 1)]
    back = [-amount for amount in reversed(there)] if both_ways else []
    return (*back, 0.0, *there)
