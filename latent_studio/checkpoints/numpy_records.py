"""What pickles say about numpy values, read without ever making an array of the file's choosing.

Numbers become Python numbers; arrays become records that know their shape and where their bytes are.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.foreign import Foreign, Record
from latent_studio.checkpoints.source import ByteRange
from latent_studio.checkpoints.torch_records import MOST_DIMENSIONS

if TYPE_CHECKING:
    from latent_studio.checkpoints.source import Source

_PLAIN_CODE = re.compile(r"([biuf])([1248])|([SU])([1-9]\d{0,5})")
_NUMBER_FORMATS = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q",
    "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
_LONGEST_NUMBER = 8
_TEXT_BYTES = 4 << 20


class DtypeRecord(Record):
    """A numpy dtype of plain numbers or text.

    Attributes:
        code: kind and bytes, such as ``"f4"``.
        order: ``"<"`` or ``">"``.
    """

    __slots__ = ("code", "order")

    def __init__(self, code: str) -> None:
        self.code = code
        self.order = "<"

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return int(self.code[1:]) * (4 if self.code[0] == "U" else 1)

    def take_state(self, state: object) -> None:
        """Keep the byte order; fields and sub-arrays are refused."""
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise ValueError("a numpy dtype is no plain number")
        if state[1] not in ("<", ">", "|", "="):
            raise ValueError("a numpy dtype has an unknown byte order")
        self.order = ">" if state[1] == ">" else "<"


@dataclass(slots=True, eq=False)
class ArrayRecord(Record):
    """A numpy array in the file; empty until it is given its state.

    Attributes:
        dtype: of its elements.
        shape: per dimension; it fits the bytes exactly.
        fortran: whether the first index runs fastest.
        data: the elements.
    """

    dtype: DtypeRecord | None = None
    shape: tuple[int, ...] = (0,)
    fortran: bool = False
    data: ByteRange | bytes = b""

    def take_state(self, state: object) -> None:
        """Keep shape and data, if they belong together."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError("a numpy array's description is out of order")
        _version, shape, dtype, fortran, data = state
        if not isinstance(dtype, DtypeRecord) or not isinstance(fortran, bool):
            raise ValueError("a numpy array's description is out of order")
        if not isinstance(data, ByteRange | bytes):
            raise ValueError("a numpy array holds Python objects")
        if not isinstance(shape, tuple) or len(shape) > MOST_DIMENSIONS:
            raise ValueError("a numpy array has an impossible shape")
        if any(type(length) is not int or length < 0 for length in shape):
            raise ValueError("a numpy array has an impossible shape")
        length = data.length if isinstance(data, ByteRange) else len(data)
        if math.prod(shape) * dtype.itemsize != length:
            raise ValueError("a numpy array's shape does not match its bytes")
        self.dtype, self.shape, self.fortran, self.data = dtype, shape, fortran, data


class NumpyNames:
    """Answers the names with which one file describes its numpy values.

    Args:
        source: the file.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text_left = _TEXT_BYTES
        modules = ("numpy.core.multiarray", "numpy._core.multiarray")
        self.names: tuple[Foreign, ...] = (
            *(Foreign(f"{module}.scalar", called=self._scalar) for module in modules),
            *(Foreign(f"{module}._reconstruct", called=self._array) for module in modules),
            Foreign("numpy.dtype", called=self._dtype),
            Foreign("numpy.ndarray"),
            Foreign("_codecs.encode", called=self._encoded),
        )

    def _dtype(self, args: tuple[object, ...]) -> DtypeRecord:
        code = args[0] if args else None
        if not isinstance(code, str):
            raise ValueError("a numpy dtype has no name")
        if code.startswith("O"):
            raise refusals.hostile(self._source.name, "holds an array of Python objects, not of numbers")
        if not _PLAIN_CODE.fullmatch(code) or (code[0] in "biuf" and code not in _NUMBER_FORMATS):
            raise ValueError(f"a numpy dtype is {code!r}")
        return DtypeRecord(code)

    def _scalar(self, args: tuple[object, ...]) -> int | float | bool:
        dtype, data = args if len(args) == 2 else (None, None)
        if not isinstance(dtype, DtypeRecord):
            raise ValueError("a numpy number's description is out of order")
        raw = data.read(at_most=_LONGEST_NUMBER) if isinstance(data, ByteRange) else data
        if not isinstance(raw, bytes) or dtype.code not in _NUMBER_FORMATS or len(raw) != dtype.itemsize:
            raise ValueError("a numpy number does not match its bytes")
        number: int | float | bool = struct.unpack(dtype.order + _NUMBER_FORMATS[dtype.code], raw)[0]
        return number

    @staticmethod
    def _array(args: tuple[object, ...]) -> ArrayRecord:
        # Pickle always starts from an empty array; another size here asks for memory and nothing else.
        cls, shape = args[:2] if len(args) == 3 else (None, None)
        if not isinstance(cls, Foreign) or cls.name != "numpy.ndarray":
            raise ValueError("a numpy array is of an unknown class")
        if shape != (0,):
            raise ValueError("a numpy array is made with a size but without contents")
        return ArrayRecord()

    def _encoded(self, args: tuple[object, ...]) -> bytes:
        """Bytes as protocols 0 to 2 write them: as text in which each character is a byte."""
        if len(args) != 2 or not isinstance(args[0], str) or args[1] != "latin1":
            raise ValueError("bytes are written in an unknown way")
        self._text_left -= len(args[0])
        if self._text_left < 0:
            raise ValueError(f"it holds more than {_TEXT_BYTES >> 20} MB of bytes written as text")
        return args[0].encode("latin1")
