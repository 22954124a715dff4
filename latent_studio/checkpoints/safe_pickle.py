"""Reading pickles as data: a pickle machine of our own that can build plain values and nothing else.

A pickle is a program for a small stack machine. The usual machines import and call whatever the program
names; a few bytes are enough to run any code, or to ask for terabytes. This one knows a closed list of names
(see :mod:`~latent_studio.checkpoints.foreign`), none of which it imports: each is answered by a reader of
ours that makes an inert record of what the file says. Everything else is refused by name.

Lengths and counts are checked before memory is taken. Byte strings (where the tensors are) stay in the file:
the machine steps over them and keeps their place as a :class:`~latent_studio.checkpoints.source.ByteRange`.
"""

from __future__ import annotations

import codecs
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.foreign import Foreign, ForeignDict, Record, checked_key
from latent_studio.checkpoints.source import ByteRange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latent_studio.checkpoints.foreign import Reader
    from latent_studio.checkpoints.source import Source

_WINDOW_BYTES = 8192
_LONGEST_NAME = 200
_LONGEST_LINE = 4096
_LONGEST_NUMBER = 160
_NEWEST_PROTOCOL = 5
_LARGEST_MEMO = 1 << 32


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a pickle may ask for. The largest official network needs about a tenth of each.

    Attributes:
        opcodes: steps of the machine.
        containers: lists, dicts, tuples and sets.
        marks: open brackets at any one time.
        text_bytes: length of one string.
        total_text_bytes: length of all strings together.
        integer_bytes: length of one integer.
    """

    opcodes: int = 1_000_000
    containers: int = 250_000
    marks: int = 500
    text_bytes: int = 4 << 20
    total_text_bytes: int = 16 << 20
    integer_bytes: int = 64


_STOP = ord(".")
_STEPS: dict[int, Callable[[Machine], None]] = {}


def _on(codes: bytes) -> Callable[[Callable[[Machine], None]], Callable[[Machine], None]]:
    """Register a step of the machine under its one-byte opcodes."""

    def register(step: Callable[[Machine], None]) -> Callable[[Machine], None]:
        for code in codes:
            _STEPS[code] = step
        return step

    return register


class Machine:
    """One run over one pickle.

    Args:
        data: where the pickle is; bytes after its end are left alone.
        names: the closed list, see :func:`vocabulary`.
        persistent: answers references to data outside of the pickle; without it they are refused.
        limits: how much it may ask for.
    """

    def __init__(
        self,
        data: ByteRange,
        *,
        names: Mapping[str, Foreign],
        persistent: Callable[[object], object] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._source: Source = data.source
        self._end = data.start + data.length
        self._names = names
        self._persistent = persistent
        self._limits = limits or Limits()
        self._window = b""
        self._window_start = data.start
        self._at = 0
        self._stack: list[object] = []
        self._outer: list[list[object]] = []
        self._memo: dict[int, object] = {}
        self._size = 0
        self._text_bytes = 0

    @property
    def position(self) -> int:
        """Offset in the file of the next byte; after :meth:`load`, of the first byte behind the pickle."""
        return self._window_start + self._at

    def load(self) -> object:
        """Run to the end.

        Returns:
            ``None``, numbers, text, ByteRange, tuple, list, dict, set and records, nested. References are
            kept as such, so the value may contain itself or unfold without end: walk it with a limit.

        Raises:
            UnsafeCheckpointError: it asks for a name that is not on the list.
            CorruptFileError: it is cut short, contradicts itself or is over a limit.
        """
        try:
            return self._run()
        except (ValueError, TypeError, LookupError, OverflowError) as error:
            told = type(error) is ValueError and error.args and isinstance(error.args[0], str)
            reason = error.args[0] if told else "it is no valid pickle"
            raise refusals.damaged(self._source.name, reason) from error

    def _run(self) -> object:
        steps_left = self._limits.opcodes
        steps = _STEPS
        while True:
            if self._at >= len(self._window):
                self._fill(1)
            code = self._window[self._at]
            self._at += 1
            if code == _STOP:
                return self._stack.pop()
            steps_left -= 1
            if steps_left < 0:
                raise ValueError(f"it takes more than {self._limits.opcodes} steps to read")
            step = steps.get(code)
            if step is None:
                raise ValueError(f"byte {self.position - 1} is no pickle instruction")
            step(self)

    # Fetching bytes.

    def _left(self) -> int:
        return self._end - self.position

    def _fill(self, count: int) -> None:
        """Make the window hold ``count`` bytes from the present position on."""
        position = self.position
        left = self._end - position
        if count > left:
            raise refusals.cut_short(self._source.name)
        self._window = self._source.read(position, min(left, max(count, _WINDOW_BYTES)))
        self._window_start = position
        self._at = 0

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._window):
            self._fill(count)
        start = self._at
        self._at += count
        return self._window[start : self._at]

    def _number(self, count: int) -> int:
        return int.from_bytes(self._take(count), "little")

    def _line(self, at_most: int) -> bytes:
        """The rest of a line, without its end."""
        end = self._window.find(b"\n", self._at)
        if end < 0:
            self._fill(min(at_most + 1, self._left()))
            end = self._window.find(b"\n")
        if end < 0 and self._left() <= at_most:
            raise refusals.cut_short(self._source.name)
        if end < 0 or end - self._at > at_most:
            raise ValueError(f"it holds a line of more than {at_most} bytes")
        line = self._window[self._at : end]
        self._at = end + 1
        return line

    def _bytes(self, length: int) -> None:
        """Step over a byte string and push where it is."""
        position = self.position
        if length > self._end - position:
            raise refusals.cut_short(self._source.name)
        if self._at + length <= len(self._window):
            self._at += length
        else:
            self._window = b""
            self._window_start = position + length
            self._at = 0
        self._stack.append(ByteRange(self._source, position, length))

    # Making values.

    def _text(self, length: int) -> None:
        if length > self._left():
            raise refusals.cut_short(self._source.name)
        if length > self._limits.text_bytes:
            raise ValueError(f"it holds a text of {length} bytes")
        self._push_text(self._take(length))

    def _push_text(self, raw: bytes) -> None:
        self._text_bytes += len(raw)
        if self._text_bytes > self._limits.total_text_bytes:
            raise ValueError(f"it holds more than {self._limits.total_text_bytes} bytes of text")
        self._stack.append(str(raw, "utf-8"))

    def _integer(self, length: int) -> None:
        if length > self._limits.integer_bytes:
            raise ValueError(f"it holds an integer of {length} bytes")
        self._stack.append(int.from_bytes(self._take(length), "little", signed=True))

    def _charge(self, size: int) -> None:
        """Count containers and copied items, so that few bytes cannot make much work."""
        self._size += size
        if self._size > self._limits.containers:
            raise ValueError(f"it holds more than {self._limits.containers} lists, dicts and records")

    def _container(self, value: object) -> None:
        self._charge(1)
        self._stack.append(value)

    def _tuple(self, count: int) -> None:
        if count > len(self._stack):
            raise ValueError("a tuple has too few items")
        items = tuple(self._stack[len(self._stack) - count :])
        del self._stack[len(self._stack) - count :]
        self._container(items)

    def _items(self) -> list[object]:
        """The values since the last bracket, which is closed."""
        items = self._stack
        self._stack = self._outer.pop()
        return items

    def _put_items(self, items: list[object]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise ValueError(f"items are put into a {type(target).__name__}")
        if len(items) % 2:
            raise ValueError("a key has no value")
        for idx in range(0, len(items), 2):
            target[checked_key(items[idx])] = items[idx + 1]

    def _append_items(self, items: list[object]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise ValueError(f"items are appended to a {type(target).__name__}")
        target.extend(items)

    def _recall(self, idx: int) -> None:
        if idx not in self._memo:
            raise ValueError(f"it refers to value {idx}, which it never stored")
        self._stack.append(self._memo[idx])

    def _remember(self, idx: int) -> None:
        if not 0 <= idx < _LARGEST_MEMO:
            raise ValueError(f"it stores a value under the number {idx}")
        self._memo[idx] = self._stack[-1]

    def _refuse(self, wanted: str) -> NoReturn:
        raise refusals.unsafe(self._source.name, wanted)

    def _refuse_as(self, what: str) -> NoReturn:
        raise refusals.hostile(self._source.name, what)

    def _name(self, module: object, name: object) -> None:
        if type(module) is not str or type(name) is not str:
            self._refuse_as("asks for a name that is no text")
        if len(module) + len(name) > _LONGEST_NAME:
            self._refuse(f"{module[:_LONGEST_NAME]}.{name[:_LONGEST_NAME]}")
        wanted = f"{module}.{name}"
        # A dot in the name itself would reach into the module; pickle never writes one for what we know.
        if "." in name or wanted not in self._names:
            self._refuse(wanted)
        self._stack.append(self._names[wanted])

    def _answer(self, reader: Reader | None, name: str, args: object) -> None:
        if reader is None:
            self._refuse(f"a call of {name}")
        if type(args) is not tuple:
            raise ValueError(f"{name} is called with a {type(args).__name__}")
        self._charge(sum(len(arg) for arg in args if isinstance(arg, list | tuple | set | dict)))
        self._container(reader(args))

    # Steps: brackets, stack, memo.

    @_on(b"\x80")  # PROTO
    def _protocol(self) -> None:
        if self._number(1) > _NEWEST_PROTOCOL:
            raise ValueError("it is written in a newer pickle protocol")

    @_on(b"\x95")  # FRAME: helps readers that fetch piece by piece; here only a lie would matter
    def _frame(self) -> None:
        if self._number(8) > self._left():
            raise refusals.cut_short(self._source.name)

    @_on(b"(")  # MARK
    def _mark(self) -> None:
        if len(self._outer) >= self._limits.marks:
            raise ValueError(f"it is nested more than {self._limits.marks} deep")
        self._outer.append(self._stack)
        self._stack = []

    @_on(b"0")  # POP
    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._items()

    @_on(b"1")  # POP_MARK
    def _pop_mark(self) -> None:
        self._items()

    @_on(b"2")  # DUP
    def _dup(self) -> None:
        self._stack.append(self._stack[-1])

    @_on(b"g")  # GET
    def _get_line(self) -> None:
        self._recall(int(self._line(_LONGEST_NUMBER)))

    @_on(b"h")  # BINGET
    def _get_1(self) -> None:
        self._recall(self._number(1))

    @_on(b"j")  # LONG_BINGET
    def _get_4(self) -> None:
        self._recall(self._number(4))

    @_on(b"p")  # PUT
    def _put_line(self) -> None:
        self._remember(int(self._line(_LONGEST_NUMBER)))

    @_on(b"q")  # BINPUT
    def _put_1(self) -> None:
        self._remember(self._number(1))

    @_on(b"r")  # LONG_BINPUT
    def _put_4(self) -> None:
        self._remember(self._number(4))

    @_on(b"\x94")  # MEMOIZE
    def _memoize(self) -> None:
        self._remember(len(self._memo))

    # Steps: numbers.

    @_on(b"N")  # NONE
    def _none(self) -> None:
        self._stack.append(None)

    @_on(b"\x88")  # NEWTRUE
    def _true(self) -> None:
        self._stack.append(True)

    @_on(b"\x89")  # NEWFALSE
    def _false(self) -> None:
        self._stack.append(False)

    @_on(b"I")  # INT, which also writes the two truth values
    def _int_line(self) -> None:
        line = self._line(_LONGEST_NUMBER)
        self._stack.append(line == b"01" if line in (b"00", b"01") else int(line))

    @_on(b"L")  # LONG
    def _long_line(self) -> None:
        self._stack.append(int(self._line(_LONGEST_NUMBER).rstrip(b"L")))

    @_on(b"J")  # BININT
    def _int_4(self) -> None:
        self._integer(4)

    @_on(b"K")  # BININT1
    def _int_1(self) -> None:
        self._stack.append(self._number(1))

    @_on(b"M")  # BININT2
    def _int_2(self) -> None:
        self._stack.append(self._number(2))

    @_on(b"\x8a")  # LONG1
    def _long_1(self) -> None:
        self._integer(self._number(1))

    @_on(b"\x8b")  # LONG4
    def _long_4(self) -> None:
        self._integer(self._number(4))

    @_on(b"F")  # FLOAT
    def _float_line(self) -> None:
        self._stack.append(float(self._line(_LONGEST_NUMBER)))

    @_on(b"G")  # BINFLOAT, the only big-endian number
    def _float_8(self) -> None:
        self._stack.append(struct.unpack(">d", self._take(8))[0])

    # Steps: text and bytes. Python 2 strings are read as text.

    @_on(b"V")  # UNICODE
    def _text_line(self) -> None:
        line = self._line(self._limits.text_bytes)
        self._push_text(str(line, "raw-unicode-escape").encode())

    @_on(b"X")  # BINUNICODE
    def _text_4(self) -> None:
        self._text(self._number(4))

    @_on(b"\x8c")  # SHORT_BINUNICODE
    def _text_1(self) -> None:
        self._text(self._number(1))

    @_on(b"\x8d")  # BINUNICODE8
    def _text_8(self) -> None:
        self._text(self._number(8))

    @_on(b"S")  # STRING: in quotation marks, with escapes
    def _string_line(self) -> None:
        line = self._line(self._limits.text_bytes).strip()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
            raise ValueError("a string has no quotation marks")
        self._push_text(codecs.escape_decode(line[1:-1])[0])

    @_on(b"T")  # BINSTRING
    def _string_4(self) -> None:
        self._text(self._number(4))

    @_on(b"U")  # SHORT_BINSTRING
    def _string_1(self) -> None:
        self._text(self._number(1))

    @_on(b"C")  # SHORT_BINBYTES
    def _bytes_1(self) -> None:
        self._bytes(self._number(1))

    @_on(b"B")  # BINBYTES
    def _bytes_4(self) -> None:
        self._bytes(self._number(4))

    @_on(b"\x8e\x96")  # BINBYTES8, BYTEARRAY8
    def _bytes_8(self) -> None:
        self._bytes(self._number(8))

    # Steps: containers.

    @_on(b"]")  # EMPTY_LIST
    def _empty_list(self) -> None:
        self._container([])

    @_on(b"}")  # EMPTY_DICT
    def _empty_dict(self) -> None:
        self._container({})

    @_on(b")")  # EMPTY_TUPLE
    def _empty_tuple(self) -> None:
        self._container(())

    @_on(b"\x8f")  # EMPTY_SET
    def _empty_set(self) -> None:
        self._container(set())

    @_on(b"l")  # LIST
    def _list(self) -> None:
        self._container(self._items())

    @_on(b"d")  # DICT
    def _dict(self) -> None:
        items = self._items()
        self._container({})
        self._put_items(items)

    @_on(b"t")  # TUPLE
    def _tuple_all(self) -> None:
        self._container(tuple(self._items()))

    @_on(b"\x85")  # TUPLE1
    def _tuple_1(self) -> None:
        self._tuple(1)

    @_on(b"\x86")  # TUPLE2
    def _tuple_2(self) -> None:
        self._tuple(2)

    @_on(b"\x87")  # TUPLE3
    def _tuple_3(self) -> None:
        self._tuple(3)

    @_on(b"\x91")  # FROZENSET
    def _frozenset(self) -> None:
        self._container({checked_key(item) for item in self._items()})

    @_on(b"a")  # APPEND
    def _append(self) -> None:
        self._append_items([self._stack.pop()])

    @_on(b"e")  # APPENDS
    def _appends(self) -> None:
        self._append_items(self._items())

    @_on(b"s")  # SETITEM
    def _set_item(self) -> None:
        value = self._stack.pop()
        self._put_items([self._stack.pop(), value])

    @_on(b"u")  # SETITEMS
    def _set_items(self) -> None:
        self._put_items(self._items())

    @_on(b"\x90")  # ADDITEMS
    def _add_items(self) -> None:
        items = self._items()
        target = self._stack[-1]
        if not isinstance(target, set):
            raise ValueError(f"items are added to a {type(target).__name__}")
        target.update(checked_key(item) for item in items)

    # Steps: foreign names.

    @_on(b"c")  # GLOBAL
    def _global(self) -> None:
        module = str(self._line(_LONGEST_LINE), "utf-8")
        self._name(module, str(self._line(_LONGEST_LINE), "utf-8"))

    @_on(b"\x93")  # STACK_GLOBAL
    def _stack_global(self) -> None:
        name = self._stack.pop()
        self._name(self._stack.pop(), name)

    @_on(b"R")  # REDUCE
    def _reduce(self) -> None:
        args = self._stack.pop()
        callee = self._stack.pop()
        if not isinstance(callee, Foreign):
            raise ValueError(f"it calls a {type(callee).__name__}")
        self._answer(callee.called, callee.name, args)

    @_on(b"\x81")  # NEWOBJ
    def _new_object(self) -> None:
        args = self._stack.pop()
        cls = self._stack.pop()
        if not isinstance(cls, Foreign):
            raise ValueError(f"it makes an instance of a {type(cls).__name__}")
        self._answer(cls.created, cls.name, args)

    @_on(b"b")  # BUILD
    def _build(self) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if isinstance(target, ForeignDict):
            return
        if not isinstance(target, Record):
            self._refuse_as(f"changes the insides of a {type(target).__name__}")
        target.take_state(state)

    @_on(b"Q")  # BINPERSID
    def _persistent_id(self) -> None:
        reference = self._stack.pop()
        if self._persistent is None:
            self._refuse_as("refers to data outside of itself")
        self._container(self._persistent(reference))

    # Steps that no model file needs: they are read only as far as it takes to name what is asked for.

    @_on(b"i")  # INST
    def _instance(self) -> None:
        module = str(self._line(_LONGEST_LINE), "utf-8", "replace")
        self._refuse(f"{module}.{str(self._line(_LONGEST_LINE), 'utf-8', 'replace')}")

    @_on(b"o")  # OBJ
    def _object(self) -> None:
        items = self._items()
        cls = items[0] if items else None
        self._refuse(f"an instance of {cls.name if isinstance(cls, Foreign) else type(cls).__name__}")

    @_on(b"\x92")  # NEWOBJ_EX
    def _new_object_ex(self) -> None:
        cls = self._stack[-3]
        self._refuse(f"an instance of {cls.name if isinstance(cls, Foreign) else type(cls).__name__}")

    @_on(b"\x82")  # EXT1
    def _extension_1(self) -> None:
        self._refuse_as(f"asks for whatever is registered as extension {self._number(1)}")

    @_on(b"\x83")  # EXT2
    def _extension_2(self) -> None:
        self._refuse_as(f"asks for whatever is registered as extension {self._number(2)}")

    @_on(b"\x84")  # EXT4
    def _extension_4(self) -> None:
        self._refuse_as(f"asks for whatever is registered as extension {self._number(4)}")

    @_on(b"P")  # PERSID
    def _persistent_line(self) -> None:
        self._refuse_as("refers to data outside of itself")

    @_on(b"\x97\x98")  # NEXT_BUFFER, READONLY_BUFFER
    def _buffer(self) -> None:
        self._refuse_as("refers to data outside of itself")
