"""Pool: a set of latents of one model with what their pictures depend on; made once, used everywhere.

::

    POOL/
      pool.json             model, seeds, truncation, noise, class
      latents.npz           z (N, z_dim) and ws (N, num_ws, w_dim) float32; ws after truncation
      images/seed0007.png   one picture per latent
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio import __version__
from latent_studio.core.errors import InputError, LatentStudioError
from latent_studio.core.files import replacing
from latent_studio.core.latent import Latent
from latent_studio.core.session import Session
from latent_studio.core.session_record import session_from_record, session_to_record
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.core.session import ModelRef
    from latent_studio.core.synthesis import SynthesisSettings

_INDEX, _LATENTS = "pool.json", "latents.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Latents of one model.

    Attributes:
        folder: where it is.
        model_name: what the user calls the model.
        model_sha256: the model's hash.
        seeds: one per latent, in order.
        synthesis: what all its pictures share.
        z: ``(N, z_dim)`` float32.
        ws: ``(N, num_ws, w_dim)`` float32, after truncation: rendered as they are, they give the pictures.
    """

    folder: Path
    model_name: str
    model_sha256: str
    seeds: tuple[int, ...]
    synthesis: SynthesisSettings
    z: NDArray[np.float32]
    ws: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.seeds)

    def session(self, index: int, model: ModelRef) -> Session:
        """The document that shows a latent's picture, without edits."""
        return Session(model=model, base=Latent(Space.Z, self.z[index]), synthesis=self.synthesis)

    def label(self, index: int) -> str:
        """What a latent's files are called: ``seed0007``."""
        return f"seed{self.seeds[index]:04d}"

    def image_path(self, index: int) -> Path:
        """Of a latent's picture."""
        return self.folder / "images" / f"{self.label(index)}.png"

    def check_model(self, model: ModelRef) -> None:
        """Refuse a pool of another model.

        Raises:
            InputError: it is one; names both.
        """
        if model.sha256 != self.model_sha256:
            raise InputError(
                f"{self.folder} is a pool of {self.model_name}, but the model is {model.name}, another file.",
                hint="Its latents mean nothing there. Make a pool of this model with “pool create”.",
            )

    def write(self) -> None:
        """Write everything but the pictures.

        Raises:
            OSError: the disk refuses.
        """
        record, _ = session_to_record(Session(synthesis=self.synthesis))
        index = {
            "program": f"Latent Studio {__version__}",
            "model": {"name": self.model_name, "sha256": self.model_sha256},
            "seeds": list(self.seeds),
            "synthesis": record["synthesis"],
        }
        with replacing(self.folder / _LATENTS) as file:
            np.savez(file, allow_pickle=False, z=self.z, ws=self.ws)
        with replacing(self.folder / _INDEX) as file:
            file.write(json.dumps(index, indent=1).encode())


def is_pool(folder: Path) -> bool:
    """Whether a folder says that it is one."""
    return (folder / _INDEX).is_file()


def read_pool(folder: Path) -> Pool:
    """Read a pool.

    Raises:
        InputError: the folder holds none, or a damaged one.
    """
    try:
        index = json.loads((folder / _INDEX).read_text("utf-8"))
        with np.load(folder / _LATENTS, allow_pickle=False) as file:
            z, ws = file["z"].astype(np.float32), file["ws"].astype(np.float32)
        seeds = tuple(int(seed) for seed in index["seeds"])
        synthesis = session_from_record({"synthesis": index["synthesis"]}, {}).synthesis
        model = index["model"]
        name, sha256 = str(model["name"]), str(model["sha256"])
    except FileNotFoundError as error:
        raise InputError(f"{folder} holds no pool.", hint="Make one with “pool create”.") from error
    except (OSError, ValueError, KeyError, TypeError, LatentStudioError) as error:
        raise InputError(f"The pool in {folder} is damaged.", hint="Make it again.") from error
    fits = z.ndim == 2 and ws.ndim == 3 and len(z) == len(ws) == len(seeds) > 0
    if not fits or not (np.isfinite(z).all() and np.isfinite(ws).all()):
        raise InputError(f"The pool in {folder} is damaged.", hint="Make it again.")
    return Pool(folder, name, sha256, seeds, synthesis, z, ws)
