"""PluginContent: the files of a plugin as they were when it was looked at, and their hash.

What is run is what was hashed: modules are taken from here, never from the disk again, and compiled files
(``__pycache__``) are neither hashed nor used.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from latent_studio.core.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: A plugin brings code and small data; more than this is a mistake, or meant to fill memory.
MOST_FILES = 2_000
MOST_BYTES = 256 << 20
_BLOCK_BYTES = 1 << 20
_LEFT_OUT = frozenset({"__pycache__", ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache"})


@dataclass(frozen=True, slots=True)
class PluginContent:
    """The files of a plugin.

    Attributes:
        folder: where they are.
        sha256: hex digest over the names and bytes of all files.
        sources: text of the Python modules by path below the folder, with ``/``.
    """

    folder: Path
    sha256: str
    sources: Mapping[str, bytes]


def read_content(folder: Path) -> PluginContent:
    """Read and hash a plugin.

    Raises:
        PluginError: a file cannot be read, a link leads out of the folder, or there is too much.
    """
    digest = hashlib.sha256()
    sources: dict[str, bytes] = {}
    total = 0
    try:
        paths = sorted(_files(folder), key=lambda path: path.relative_to(folder).as_posix())
        for path in paths:
            name = path.relative_to(folder).as_posix()
            total += path.stat().st_size
            if total > MOST_BYTES:
                raise PluginError(
                    folder.name, f"The plugin in {folder.name} has more than {MOST_BYTES >> 20} MB."
                )
            data = _Digest(keep=path.suffix == ".py")
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    data.add(block)
            # Lengths first: no two folders give the same bytes here.
            encoded = name.encode("utf-8", "surrogateescape")
            digest.update(len(encoded).to_bytes(8, "big") + encoded + data.digest)
            if path.suffix == ".py":
                sources[str(PurePosixPath(name))] = data.kept
    except OSError as error:
        raise PluginError(
            folder.name,
            f"The plugin in {folder} cannot be read: {error.strerror or error}.",
            hint="Check the folder.",
        ) from error
    return PluginContent(folder, digest.hexdigest(), sources)


def _files(folder: Path) -> Iterator[Path]:
    waiting, count = [folder], 0
    root = folder.resolve()
    while waiting:
        for path in waiting.pop().iterdir():
            if path.name in _LEFT_OUT:
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise PluginError(folder.name, f"{path} leads out of the plugin's folder.")
            if path.is_dir():
                if path.is_symlink():
                    raise PluginError(folder.name, f"{path} is a link to a folder.")
                waiting.append(path)
            elif path.is_file():
                count += 1
                if count > MOST_FILES:
                    raise PluginError(
                        folder.name, f"The plugin in {folder.name} has more than {MOST_FILES} files."
                    )
                yield path


class _Digest:
    """The hash of one file, and its bytes where they are kept."""

    def __init__(self, *, keep: bool) -> None:
        self._hash = hashlib.sha256()
        self._blocks: list[bytes] | None = [] if keep else None

    def add(self, block: bytes) -> None:
        self._hash.update(block)
        if self._blocks is not None:
            self._blocks.append(block)

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    @property
    def kept(self) -> bytes:
        return b"".join(self._blocks or ())
