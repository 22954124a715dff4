"""Manifest: what a plugin says of itself in ``plugin.toml``. Reading it imports nothing."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from latent_studio.core.api_version import API_VERSION
from latent_studio.core.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_NAME = "plugin.toml"
#: Tables of the manifest: what a plugin can add.
ContributionKind = Literal["exporters", "attributes", "direction_sources", "docks"]
KINDS: tuple[ContributionKind, ...] = get_args(ContributionKind)
#: What one contribution of each kind is called in a sentence.
KIND_NAMES: Mapping[ContributionKind, str] = {
    "exporters": "exporter",
    "attributes": "attribute predictor",
    "direction_sources": "direction source",
    "docks": "panel",
}

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OBJECT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_LONGEST_ID, _LONGEST_LINE = 40, 400
_LARGEST = 64 << 10
_TEXTS = ("name", "version", "summary", "author", "requirements", "permissions")
_NEEDED = ("name", "version", "summary")


@dataclass(frozen=True, slots=True)
class Contribution:
    """One thing a plugin adds.

    Attributes:
        kind: the manifest's table.
        id: stable and unique among all of its kind.
        title: what the user sees.
        object: ``"module:name"``, the module's name relative to the plugin's folder.
        summary: one sentence; may be empty.
        details: what else the table says and its kind allows, such as an exporter's ``suffixes``.
    """

    kind: ContributionKind
    id: str
    title: str
    object: str
    summary: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a plugin says of itself.

    Attributes:
        id: stable, as typed after ``plugin enable``.
        name: what the user sees.
        version: in the author's own counting.
        api: the ``API_VERSION`` it was written for.
        summary: one sentence on what it does.
        author: who made it; may be empty.
        requirements: what has to be installed besides, in words; may be empty.
        permissions: what it touches outside the program, such as files or the network, in words. Nothing
            holds it to them.
        contributions: what it adds.
    """

    id: str
    name: str
    version: str
    api: int
    summary: str
    author: str = ""
    requirements: str = ""
    permissions: str = ""
    contributions: tuple[Contribution, ...] = ()

    @property
    def provides(self) -> str:
        """What it adds, in words: ``exporter "PDF sheet", panel "Histogram"``."""
        return ", ".join(f"{KIND_NAMES[one.kind]} “{one.title}”" for one in self.contributions)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a plugin's folder.

    Raises:
        PluginError: there is none, or something in it is missing or wrong; names it.
    """
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise PluginError(
            folder.name, f"{path} cannot be read: {error.strerror or error}.", hint="Check the folder."
        ) from error
    if len(text) > _LARGEST:
        raise _wrong(folder, f"is larger than {_LARGEST >> 10} KB")
    try:
        read = tomllib.loads(text.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(folder, f"is no TOML: {error}") from error
    return _manifest(folder, read)


def _manifest(folder: Path, read: dict[str, Any]) -> Manifest:
    id = _id(folder, read.pop("id", None), "id")
    api = read.pop("api", None)
    if type(api) is not int:
        raise _wrong(folder, f"needs api, the version of latent_studio.api it is for, such as {API_VERSION}")
    texts = {name: _line(folder, read.pop(name, ""), name) for name in _TEXTS}
    for name in _NEEDED:
        if not texts[name]:
            raise _wrong(folder, f"needs {name}")
    contributions: list[Contribution] = []
    for kind in KINDS:
        tables = read.pop(kind, [])
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            raise _wrong(folder, f"must write each of {kind} as a table [[{kind}]]")
        contributions += [_contribution(folder, kind, table) for table in tables]
    if read:
        raise _wrong(folder, f"has {sorted(read)[0]!r}, which this version does not know")
    if not contributions:
        raise _wrong(folder, f"adds nothing: it needs one of {', '.join(f'[[{kind}]]' for kind in KINDS)}")
    known = [(one.kind, one.id) for one in contributions]
    for kind_and_id in known:
        if known.count(kind_and_id) > 1:
            raise _wrong(folder, f"has two {kind_and_id[0]} with the id {kind_and_id[1]!r}")
    return Manifest(id=id, api=api, contributions=tuple(contributions), **texts)


def _contribution(folder: Path, kind: ContributionKind, table: dict[str, Any]) -> Contribution:
    id = _id(folder, table.pop("id", None), f"id of {kind}")
    title = _line(folder, table.pop("title", ""), f"title of {id}") or id
    summary = _line(folder, table.pop("summary", ""), f"summary of {id}")
    named = table.pop("object", None)
    if not isinstance(named, str) or not _OBJECT.fullmatch(named):
        raise _wrong(folder, f"needs for {id} an object such as “module:make_it”")
    details: dict[str, Any] = {}
    if kind == "exporters":
        suffixes = table.pop("suffixes", None)
        if (
            not isinstance(suffixes, list)
            or not suffixes
            or not all(isinstance(one, str) and _SUFFIX.fullmatch(one) for one in suffixes)
        ):
            raise _wrong(folder, f"needs for {id} suffixes, such as [“.pdf”]")
        details["suffixes"] = tuple(suffixes)
    elif kind == "attributes":
        scope = table.pop("scope", "any")
        if scope not in ("any", "faces", "portraits"):
            raise _wrong(folder, f"has for {id} the scope {scope!r}, but it must be any, faces or portraits")
        details["scope"] = scope
    elif kind == "docks":
        area = table.pop("area", "right")
        if area not in ("left", "right", "bottom"):
            raise _wrong(folder, f"has for {id} the area {area!r}, but it must be left, right or bottom")
        details["area"] = area
    if table:
        raise _wrong(folder, f"has {sorted(table)[0]!r} for {id}, which this version does not know")
    return Contribution(kind, id, title, named, summary, details)


def is_plugin_id(word: str) -> bool:
    """Whether a word can be the id of a plugin: lower case, digits, single hyphens."""
    return len(word) <= _LONGEST_ID and _ID.fullmatch(word) is not None


def _id(folder: Path, value: object, what: str) -> str:
    if not isinstance(value, str) or not is_plugin_id(value):
        raise _wrong(folder, f"needs an {what} of lower case letters, digits and hyphens")
    return value


def _line(folder: Path, value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_LINE or not value.isprintable():
        raise _wrong(folder, f"needs as {what} a text of one line")
    return value.strip()


def _wrong(folder: Path, what: str) -> PluginError:
    return PluginError(
        folder.name,
        f"{FILE_NAME} in {folder.name} {what}.",
        hint="The plugin's author has to mend it; docs/how-to/write-a-plugin.md says what belongs there.",
    )
