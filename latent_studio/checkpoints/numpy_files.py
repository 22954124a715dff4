"""NumPy's own files, recognised so that they can be refused in the right words."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.source import ByteRange
from latent_studio.checkpoints.zip_index import DEFLATED, read_members
from latent_studio.core.errors import UnsafeCheckpointError

if TYPE_CHECKING:
    from latent_studio.checkpoints.source import Source
    from latent_studio.core.errors import CheckpointError

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 8192
# The element kind "O" in a header such as {'descr': '|O', ...}, alone or in a field of a record.
_OBJECT_ELEMENTS = re.compile(rb"'[|<>=]?O\d*'")


def npy_refusal(source: Source) -> CheckpointError:
    """What to say about a ``.npy`` file; only its header is looked at."""
    return _refusal(source, _head(ByteRange(source, 0, min(source.size, _LONGEST_HEADER))))


def npz_refusal(source: Source) -> CheckpointError:
    """What to say about a ``.npz`` file; only its members' headers are looked at."""
    for member in read_members(source).values():
        data = ByteRange(source, member.data.start, min(member.data.length, _LONGEST_HEADER))
        refusal = _refusal(source, _head(data, deflated=member.method == DEFLATED))
        if isinstance(refusal, UnsafeCheckpointError):
            return refusal
    return _not_a_model(source)


def _head(data: ByteRange, *, deflated: bool = False) -> bytes:
    raw = data.read(at_most=_LONGEST_HEADER)
    if not deflated:
        return raw
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, _LONGEST_HEADER)
    except zlib.error:
        return b""


def _refusal(source: Source, head: bytes) -> CheckpointError:
    if head.startswith(MAGIC) and _OBJECT_ELEMENTS.search(head):
        return refusals.hostile(source.name, "holds an array of Python objects, not of numbers")
    return _not_a_model(source)


def _not_a_model(source: Source) -> CheckpointError:
    return refusals.unknown(source.name, "is a NumPy array, not a model")
