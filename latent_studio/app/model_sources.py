"""Models that others have published and that `model get` knows how to fetch: the catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from latent_studio.checkpoints.bundled import resources_dir

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Weights that travel inside a Python package. The package is neither installed nor run.

    Attributes:
        name: in the library.
        title: what it makes, for people.
        family: architecture id in the generator catalogue.
        resolution: side of its pictures in pixels.
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
    family: str
    resolution: int
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


@dataclass(frozen=True, slots=True)
class WebSource:
    """A checkpoint that its publisher offers at an address.

    Attributes:
        name: in the library.
        title: what it makes, for people.
        family: architecture id in the generator catalogue.
        resolution: side of its pictures in pixels.
        licence: of the weights, in a few words.
        url: where the file is.
        page: where its publisher tells about it.
        sha256: hex digest of the file, or its first digits; empty where nobody states it.
        size_bytes: of the file; ``None`` where nobody states it.
    """

    name: str
    title: str
    family: str
    resolution: int
    licence: str
    url: str
    page: str
    sha256: str = ""
    size_bytes: int | None = None


ModelSource = WheelSource | WebSource

# The readers know these titles too, but come with torch.
_TITLES = {
    "biggan": "BigGAN",
    "dcgan": "DCGAN",
    "mspie": "MS-PIE StyleGAN2",
    "proggan": "ProgGAN",
    "sngan": "SNGAN",
    "stylegan": "StyleGAN",
    "stylegan2": "StyleGAN2",
    "stylegan3": "StyleGAN3",
}


def family_title(family: str) -> str:
    """A family as its authors write it."""
    return _TITLES.get(family, family)


_DCGAN_FACES = WheelSource(
    name="dcgan-faces",
    title="faces, rendered (DigiFace-1M)",
    family="dcgan",
    resolution=64,
    project="gan-face-generate",
    version="1.1.1",
    sha256="24102f4be41d164e44251168ede0458a45e498a888c81493e2aea48529640569",
    size_bytes=13_306_246,
    weights="gan_face_generate/weights.tar",
    notice="gan_face_generate-1.1.1.dist-info/licenses/LICENSE",
    licence="MIT, copyright (c) 2023 chien liu",
)


def read_catalog() -> tuple[WebSource, ...]:
    """The models of ``resources/catalog/models.json``; none in a copy that came without it."""
    path = resources_dir() / "catalog" / "models.json"
    if not path.is_file():
        return ()
    entries = json.loads(path.read_text(encoding="utf-8"))["models"]
    return tuple(WebSource(**entry) for entry in entries)


_ALL: tuple[ModelSource, ...] = (_DCGAN_FACES, *read_catalog())

#: By name in the library, sorted.
SOURCES: Mapping[str, ModelSource] = MappingProxyType(
    {source.name: source for source in sorted(_ALL, key=lambda source: source.name)}
)
