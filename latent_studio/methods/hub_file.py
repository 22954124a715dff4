"""HubFile: weights of others in torch's own folder of downloads, checked by the digits in their names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.errors import CorruptFileError
from latent_studio.core.files import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of weights that another package looks for in torch's folder.

    Attributes:
        name: in the folder; the digits in it are the first of its SHA-256.
        url: where its authors offer it.
        size_mb: about.
    """

    name: str
    url: str
    size_mb: int

    @property
    def digits(self) -> str:
        """The first hex digits of the SHA-256, from the name."""
        return self.name.rsplit("-", 1)[1].split(".", 1)[0]

    def check(self, folder: Path) -> None:
        """Refuse another file of this name.

        Raises:
            CorruptFileError: the file is not the one its name says.
        """
        path = folder / self.name
        if not file_sha256(path).startswith(self.digits):
            raise CorruptFileError(
                f"{self.name} is not the file its name says, so it is not used.", hint=f"Delete {path}."
            )


def hub_folder() -> Path:
    """Where torch keeps what it downloads."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


def missing_of(files: Iterable[HubFile], folder: Path) -> tuple[HubFile, ...]:
    """Those that are not there yet."""
    return tuple(file for file in files if not (folder / file.name).is_file())
