"""The sentences with which a file is refused, so that every reader says them alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.errors import CorruptFileError, UnknownFormatError, UnsafeCheckpointError

if TYPE_CHECKING:
    from pathlib import Path

ASK_FOR_SAFETENSORS = "Latent Studio never runs code from a file. Ask the author for a .safetensors copy."
GET_IT_AGAIN = "Download or copy it again."
WHAT_OPENS = "Open a .safetensors file, a network pickle of NVIDIA’s, or a PyTorch file of a known generator."

_LONGEST_QUOTE = 120
_MOST_KEYS_SHOWN = 5


def printable(text: str, *, at_most: int = _LONGEST_QUOTE) -> str:
    """``text`` as it may be shown: without control characters, shortened in the middle.

    Files name what they like; a terminal or a label must not be steered by it.
    """
    if len(text) > at_most:
        text = f"{text[: at_most // 2]}…{text[len(text) - at_most // 2 :]}"
    return "".join(char if char.isprintable() else "?" for char in text)


def quoted(text: str) -> str:
    """``text`` in quotation marks, as it may be shown."""
    return f"“{printable(text)}”"


def display_name(path: Path) -> str:
    """The file's name without its folder, as it may be shown."""
    return printable(path.name or str(path))


def cut_short(name: str) -> CorruptFileError:
    """The file ends too early."""
    return CorruptFileError(
        f"{name} is cut short: it ends in the middle of its data.",
        hint=f"{GET_IT_AGAIN} The copy is not whole.",
    )


def damaged(name: str, reason: str) -> CorruptFileError:
    """The file contradicts itself; ``reason`` is half a sentence."""
    return CorruptFileError(f"{name} is damaged: {printable(reason, at_most=300)}.", hint=GET_IT_AGAIN)


def unsafe(name: str, wanted: str) -> UnsafeCheckpointError:
    """The file wants the function or class ``wanted``, which is not on the list."""
    return UnsafeCheckpointError(
        f"{name} asks for {quoted(wanted)}, which is not plain tensor data.", hint=ASK_FOR_SAFETENSORS
    )


def hostile(name: str, what: str) -> UnsafeCheckpointError:
    """The file is more than data; ``what`` is the rest of the sentence after its name."""
    return UnsafeCheckpointError(f"{name} {printable(what, at_most=300)}.", hint=ASK_FOR_SAFETENSORS)


def unknown(name: str, what: str, *, hint: str = WHAT_OPENS) -> UnknownFormatError:
    """The file is something else; ``what`` is the rest of the sentence after its name."""
    return UnknownFormatError(f"{name} {printable(what, at_most=300)}.", hint=hint)


def list_names(names: list[str]) -> str:
    """Names as they may be shown, the first few of many."""
    shown = ", ".join(printable(name, at_most=40) for name in names[:_MOST_KEYS_SHOWN])
    return f"{shown} and {len(names) - _MOST_KEYS_SHOWN} more" if len(names) > _MOST_KEYS_SHOWN else shown


def describe_tree(tree: object) -> str:
    """What the top of a file is, in a few words. Looks no deeper, for there may be no end to it."""
    if isinstance(tree, dict):
        return f"a dict of {list_names([str(key) for key in tree if isinstance(key, str)]) or 'nothing'}"
    if isinstance(tree, list | tuple | set):
        return f"a {type(tree).__name__} of {len(tree)}"
    return f"a single value of type {type(tree).__name__}"
