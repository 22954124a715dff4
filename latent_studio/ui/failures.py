"""Failure: an exception as the user may see it: one sentence, a hint, and details to copy."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.window_words import window_words


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, ready to show. Crosses threads in place of the exception.

    Attributes:
        title: one sentence: what happened.
        hint: what to do about it; may be empty.
        details: the traceback, for the log and the clipboard; never shown by itself.
        revision: of the render request that failed; ``None`` for other work.
        is_expected: one of our own errors, so nothing for the developers.
    """

    title: str
    hint: str = ""
    details: str = ""
    revision: int | None = None
    is_expected: bool = True


def describe_failure(error: BaseException, *, revision: int | None = None) -> Failure:
    """Turn an exception into words; used at the border of each worker."""
    details = "".join(traceback.format_exception(error))
    match error:
        case LatentStudioError():
            return Failure(window_words(error.title), window_words(error.hint), details, revision)
        case MemoryError():
            return Failure(
                _tr("There is not enough memory for this."),
                _tr("Close other programs, or lower the cache limit in the settings."),
                details,
                revision,
            )
        case OSError() if error.strerror:
            place = f"{error.filename}: " if error.filename else ""
            return Failure(
                f"{place}{error.strerror}.", _tr("Check the folder and the free space."), details, revision
            )
        case _:
            text = str(error).strip().splitlines()
            said = f": {text[0]}" if text else ""
            return Failure(
                _tr("Something unexpected happened ({kind}).").format(kind=f"{type(error).__name__}{said}"),
                _tr("Your work is untouched. Copy the details for a bug report."),
                details,
                revision,
                is_expected=False,
            )


def _tr(text: str) -> str:
    return QCoreApplication.translate("failures", text)
