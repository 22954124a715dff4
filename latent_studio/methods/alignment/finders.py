"""The face finders by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.errors import NoFaceFoundError, OptionError
from latent_studio.methods.alignment.faces import FinderInfo

if TYPE_CHECKING:
    import torch

    from latent_studio.methods.alignment.faces import Face, FaceFinder

FINDERS = (
    FinderInfo("mtcnn", "Built-in (5 marks)", "comes with the program, works without a connection"),
    FinderInfo("fan", "face-alignment (68 marks)", "a little more exact; needs 190 MB of weights"),
)


def make_finder(finder_id: str, *, device: torch.device | str = "cpu") -> FaceFinder:
    """Get a finder ready.

    Raises:
        OptionError: there is none of that name.
        LatentStudioError: its weights are missing or damaged.
    """
    if finder_id == "mtcnn":
        from latent_studio.methods.alignment.mtcnn import load_mtcnn

        return load_mtcnn(device)
    if finder_id == "fan":
        from latent_studio.methods.alignment.fan import FanFinder

        return FanFinder(device=device)
    known = ", ".join(info.id for info in FINDERS)
    raise OptionError("--finder", f"--finder is {finder_id!r}, but must be one of {known}.")


def chosen_face(faces: tuple[Face, ...], index: int, name: str) -> Face:
    """One of the faces found.

    Args:
        faces: the largest first.
        index: which, from 0.
        name: of the photo, for messages.

    Raises:
        NoFaceFoundError: there is none, or not as many.
    """
    if not faces:
        raise NoFaceFoundError(
            f"No face was found in {name}.",
            hint="Mark eyes and mouth by hand, or crop a square (--square) for pictures that show no face.",
        )
    if index >= len(faces):
        count = f"{len(faces)} faces were" if len(faces) > 1 else "One face was"
        raise NoFaceFoundError(
            f"{count} found in {name}; there is no face {index}.",
            hint=f"Faces count from 0, the largest first: choose one up to {len(faces) - 1}.",
        )
    return faces[index]
