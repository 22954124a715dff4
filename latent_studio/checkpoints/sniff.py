"""Naming a file's format from its first bytes and structure, never from its suffix."""

from __future__ import annotations

import codecs
import re
import stat
from enum import StrEnum
from typing import TYPE_CHECKING

from latent_studio.checkpoints import numpy_files
from latent_studio.checkpoints.source import Source
from latent_studio.checkpoints.zip_index import read_members
from latent_studio.core.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES = 512


class FileFormat(StrEnum):
    """What a path is. The first four can hold a model; the last six are no readable file."""

    SAFETENSORS = "safetensors"
    PICKLE = "pickle"
    TORCH_ZIP = "torch zip"
    TORCH_LEGACY = "torch stream"
    NUMPY_ARRAY = "NumPy array"
    NUMPY_ARCHIVE = "NumPy archive"
    ZIP = "zip archive"
    ARCHIVE = "packed archive"
    HDF5 = "HDF5 file"
    HTML = "web page"
    GIT_LFS = "Git LFS pointer"
    JSON = "JSON file"
    IMAGE = "picture"
    TEXT = "text file"
    UNKNOWN = "unknown format"
    EMPTY = "empty file"
    MISSING = "missing file"
    DIRECTORY = "folder"
    SPECIAL = "pipe or device"
    NO_PERMISSION = "file without read permission"
    UNREADABLE = "unreadable file"


#: What holds a model, or what is left of one when a download fails.
LIKELY_MODELS = frozenset(
    {
        FileFormat.SAFETENSORS,
        FileFormat.PICKLE,
        FileFormat.TORCH_ZIP,
        FileFormat.TORCH_LEGACY,
        FileFormat.HTML,
        FileFormat.GIT_LFS,
        FileFormat.EMPTY,
        FileFormat.NO_PERMISSION,
        FileFormat.UNREADABLE,
    }
)

_IMAGE_STARTS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"8BPS")
_ARCHIVE_STARTS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
# The integer that starts an old torch stream, as a pickle of protocol 2 to 5 writes it, framed or not.
_LEGACY_START = re.compile(rb"\x80[\x02-\x05](\x95.{8})?\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19", re.DOTALL)
# Protocol 0 and 1 have no mark of their own. These are the ways in which one with a name in it can begin.
_OLD_PICKLE_START = re.compile(
    rb"(c[\w.]+\n[\w.]+\n|\((c[\w.]+\n|i[\w.]+\n|lp?\d*\n|dp?\d*\n|[SV]['\w]|t[.p]))"
)
_PICKLE_OPCODES = frozenset(b"(.012FIJKLMNPQRSTUVXabcdeghijlopqrstu)]}BCG" + bytes(range(0x80, 0x99)))


def sniff_path(path: Path) -> FileFormat:
    """Name what a path is. Pipes and devices are not opened."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return FileFormat.DIRECTORY
        if not stat.S_ISREG(mode):
            return FileFormat.SPECIAL
        with Source(path) as source:
            return sniff(source)
    except FileNotFoundError:
        return FileFormat.MISSING
    except PermissionError:
        return FileFormat.NO_PERMISSION
    except (OSError, ValueError):
        return FileFormat.UNREADABLE


def sniff(source: Source) -> FileFormat:
    """Name the format of an open file."""
    if source.size == 0:
        return FileFormat.EMPTY
    head = source.read(0, min(source.size, _HEAD_BYTES))
    by_start = _by_first_bytes(head, size=source.size)
    if by_start is FileFormat.ZIP:
        return _kind_of_zip(source)
    return by_start


def _by_first_bytes(head: bytes, *, size: int) -> FileFormat:
    header_length = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and 8 + header_length <= size:
        return FileFormat.SAFETENSORS
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return FileFormat.ZIP
    if _LEGACY_START.match(head):
        return FileFormat.TORCH_LEGACY
    if head[:1] == b"\x80" and b"\0" <= head[1:2] <= b"\x05" and set(head[2:3]) <= _PICKLE_OPCODES:
        return FileFormat.PICKLE
    if head.startswith(numpy_files.MAGIC):
        return FileFormat.NUMPY_ARRAY
    if head.startswith(_IMAGE_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return FileFormat.IMAGE
    if head.startswith(b"\x89HDF"):
        return FileFormat.HDF5
    if head.startswith(_ARCHIVE_STARTS) or head[257:262] == b"ustar":
        return FileFormat.ARCHIVE
    if head[8:9] == b"{" and b"\0" in head[:8]:
        return FileFormat.SAFETENSORS
    return _kind_of_text(head)


def _kind_of_text(head: bytes) -> FileFormat:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or (
        text.startswith((b"<?xml", b"<!--")) and b"<html" in text
    ):
        return FileFormat.HTML
    if text.startswith(b"version https://git-lfs"):
        return FileFormat.GIT_LFS
    if _OLD_PICKLE_START.match(head):
        return FileFormat.PICKLE
    if text.startswith((b"{", b"[")) and _is_text(head):
        return FileFormat.JSON
    return FileFormat.TEXT if _is_text(head) else FileFormat.UNKNOWN


def _is_text(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not any(char < " " and char not in "\t\n\r\f" for char in text)


def _kind_of_zip(source: Source) -> FileFormat:
    try:
        names = list(read_members(source))
    except CheckpointError:
        # Its reader says what is wrong with it.
        return FileFormat.TORCH_ZIP
    if any(name.partition("/")[2] == "data.pkl" for name in names):
        return FileFormat.TORCH_ZIP
    if names and all(name.endswith(".npy") for name in names):
        return FileFormat.NUMPY_ARCHIVE
    return FileFormat.ZIP
