"""Sentences on options of the command line, in the words of the window."""

from __future__ import annotations

import re

from PySide6.QtCore import QCoreApplication

#: What somebody is to type, in quotes, stays as it is.
_QUOTED = re.compile("(“[^”]*”)")
_FLAG = re.compile(r"(?<![\w/-])--([a-z][a-z0-9-]*)")
#: Fields that are not called as their flag is.
_FIELDS = {
    "class": "Class",
    "class-idx": "Class",
    "filter": "Resampling",
    "from": "Go on",
    "from-to": "Span",
    "interp": "Method",
    "psi": "Truncation psi",
    "weight": "Weights",
}


def window_words(text: str) -> str:
    """A sentence with the names of fields, such as “Seeds”, where it names options, such as ``--seeds``."""
    if "--" not in text:
        return text
    parts = _QUOTED.split(text)
    return "".join(part if part.startswith("“") else _FLAG.sub(_field, part) for part in parts)


def _field(match: re.Match[str]) -> str:
    name = match[1]
    title = _FIELDS.get(name, name.removeprefix("no-").replace("-", " ").capitalize())
    return f"“{QCoreApplication.translate('options', title)}”"
