"""The table of contents of a zip file, read and checked without unpacking anything."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.source import ByteRange

if TYPE_CHECKING:
    from latent_studio.checkpoints.source import Source

STORED = 0
DEFLATED = 8

_MOST_MEMBERS = 50_000
_LARGEST_TABLE = 16 << 20
_LONGEST_COMMENT = 0xFFFF
_ENCRYPTED = 0x1
_ZIP64_TAG = 0x0001

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a zip.

    Attributes:
        name: as stored; never used as a path.
        method: 0 is stored, 8 is deflated.
        encrypted: whether a password is needed.
        crc32: of the unpacked bytes.
        size: of the unpacked bytes.
        data: the bytes as they lie in the file.
    """

    name: str
    method: int
    encrypted: bool
    crc32: int
    size: int
    data: ByteRange


def read_members(source: Source) -> dict[str, Member]:
    """List the members of a zip.

    Raises:
        CorruptFileError: it is cut short, or its table contradicts itself.
        UnsafeCheckpointError: a member's name would lead outside of a folder it is unpacked to.
    """
    count, size, start = _find_table(source)
    if count > _MOST_MEMBERS or size > _LARGEST_TABLE:
        raise refusals.damaged(source.name, f"its zip table lists {count} members")
    table = source.read(start, size)
    members: dict[str, Member] = {}
    at = 0
    for _ in range(count):
        member, at = _read_entry(source, table, at, table_start=start)
        if member.name in members:
            raise refusals.damaged(source.name, f"it has two members called {member.name!r}")
        members[member.name] = member
    taken = sorted((member.data.start, member.data.length) for member in members.values())
    for (first, length), (second, _length) in itertools.pairwise(taken):
        if first + length > second:
            raise refusals.damaged(source.name, "members of the zip overlap")
    return members


def _find_table(source: Source) -> tuple[int, int, int]:
    """Number of members, length and offset of the table of contents."""
    tail_start = max(0, source.size - _END.size - _LONGEST_COMMENT)
    tail = source.read(tail_start, source.size - tail_start)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise refusals.damaged(
            source.name, "its zip table of contents is missing, so the end is probably cut off"
        )
    _, _, _, _, count, size, start, _ = _END.unpack_from(tail, at)
    if count == 0xFFFF or size == 0xFFFFFFFF or start == 0xFFFFFFFF:
        locator_start = tail_start + at - _END64_LOCATOR.size
        if locator_start >= 0:
            tag, _, end64_start, _ = _END64_LOCATOR.unpack(source.read(locator_start, _END64_LOCATOR.size))
            if tag == b"PK\x06\x07":
                end64 = _END64.unpack(source.read(end64_start, _END64.size))
                if end64[0] != b"PK\x06\x06":
                    raise refusals.damaged(source.name, "its zip table of contents is not where it should be")
                count, size, start = end64[7], end64[8], end64[9]
    if start + size > tail_start + at:
        raise refusals.damaged(source.name, "its zip table of contents is not where it should be")
    return count, size, start


def _read_entry(source: Source, table: bytes, at: int, *, table_start: int) -> tuple[Member, int]:
    if len(table) - at < _ENTRY.size:
        raise refusals.damaged(source.name, "its zip table of contents is cut off")
    fields = _ENTRY.unpack_from(table, at)
    tag, _, _, flags, method, _, _, crc32, packed, size, name_len, extra_len, comment_len = fields[:13]
    local_start = fields[16]
    after = at + _ENTRY.size + name_len + extra_len + comment_len
    if tag != b"PK\x01\x02" or after > len(table):
        raise refusals.damaged(source.name, "its zip table of contents is garbled")
    raw_name = table[at + _ENTRY.size : at + _ENTRY.size + name_len]
    extra = table[at + _ENTRY.size + name_len : after - comment_len]
    size, packed, local_start = _widened(source, extra, [size, packed, local_start])
    name = _safe_name(source, str(raw_name, "utf-8", "replace"))
    local = _LOCAL.unpack(source.read(local_start, _LOCAL.size))
    data_start = local_start + _LOCAL.size + local[9] + local[10]
    if local[0] != b"PK\x03\x04" or source.read(local_start + _LOCAL.size, local[9]) != raw_name:
        raise refusals.damaged(source.name, f"the zip member {name!r} is not where the table says")
    if data_start + packed > table_start or (method == STORED and packed != size):
        raise refusals.damaged(source.name, f"the size of the zip member {name!r} is wrong")
    member = Member(
        name=name,
        method=method,
        encrypted=bool(flags & _ENCRYPTED),
        crc32=crc32,
        size=size,
        data=ByteRange(source, data_start, packed),
    )
    return member, after


def _widened(source: Source, extra: bytes, values: list[int]) -> list[int]:
    """Replace the values that need 64 bits by what the extra field says."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        at += 4
        if tag == _ZIP64_TAG:
            wide = [struct.unpack_from("<Q", extra, at + 8 * idx)[0] for idx in range(length // 8)]
            try:
                return [wide.pop(0) if value == 0xFFFFFFFF else value for value in values]
            except IndexError:
                raise refusals.damaged(source.name, "a large zip member has no size") from None
        at += length
    return values


def _safe_name(source: Source, name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or "\\" in name or ":" in parts[0] or "\0" in name:
        raise refusals.hostile(
            source.name, f"has a member called {refusals.quoted(name)}, which leads outside of the archive"
        )
    return name
