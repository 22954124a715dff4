"""Twin: what does the same as something done in the window, on the command line and in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.core.options import OptionsClass


class Keep(Protocol):
    """Writes what no option can hold into a file of the profile; see ``latent_studio.app.kept_files``."""

    def __call__(self, content: str | bytes, /, *, stem: str, suffix: str = ".json") -> Path:
        """Where it is.

        Raises:
            ExportError: the disk refuses.
        """


#: A verb and its options.
Deed = tuple[str, "OptionsClass"]
#: A deed, or what makes it once somebody copies it: nothing is kept for a command nobody asks for.
Twin = Deed | Callable[[Keep], Deed]


def deed_of(twin: Twin, keep: Keep) -> Deed:
    """The verb and its options.

    Raises:
        LatentStudioError: it cannot be made.
    """
    return twin(keep) if callable(twin) else twin
