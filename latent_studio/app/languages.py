"""Languages: catalogues of the window's texts, one JSON file each, bundled or the user's own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import latent_studio
from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.app.paths import Paths

#: What the program is written in; it needs no catalogue.
ENGLISH = "en"
#: As the desktop says.
SYSTEM = "system"

_MOST_BYTES = 4 << 20
_CODE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_PLACE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Language:
    """A catalogue that is there.

    Attributes:
        code: ``de``, ``pt_BR``.
        name: in the language itself.
        path: its file; ``None`` for English.
    """

    code: str
    name: str
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class TextCatalogue:
    """Translations by English text.

    Attributes:
        name: of the language, in itself.
        texts: for every place a text stands.
        contexts: for one place only, by the name of its class or module; they win over ``texts``.
    """

    name: str
    texts: Mapping[str, str]
    contexts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def find(self, context: str, text: str) -> str | None:
        """The translation, or ``None`` to leave the English."""
        return self.contexts.get(context, {}).get(text) or self.texts.get(text)


def language_folders(paths: Paths) -> tuple[Path, ...]:
    """Where catalogues are looked for; the user's own win over bundled ones."""
    package = Path(latent_studio.__file__).parent
    inside = package / "resources"
    bundled = inside if inside.is_dir() else package.parent / "resources"
    return paths.data / "languages", bundled / "languages"


def find_languages(paths: Paths) -> tuple[Language, ...]:
    """English and every language with a catalogue that can be read, by name."""
    found = {ENGLISH: Language(ENGLISH, "English")}
    for folder in language_folders(paths):
        for path in sorted(folder.glob("*.json")):
            if path.stem in found or not _CODE.fullmatch(path.stem):
                continue
            try:
                found[path.stem] = Language(path.stem, read_catalogue(path).name, path)
            except InputError:
                continue
    return tuple(sorted(found.values(), key=lambda language: language.name.lower()))


def choose_language(wanted: str, system: str, languages: tuple[Language, ...]) -> Language | None:
    """The language for a setting.

    Args:
        wanted: of the settings: a code, or ``system``.
        system: what the desktop speaks, such as ``de_AT``.
        languages: those there are.

    Returns:
        ``None`` if one was asked for by its code and is not there; the desktop's falls back to English.
    """
    by_code = {language.code: language for language in languages}
    if wanted == SYSTEM:
        return by_code.get(system) or by_code.get(system.partition("_")[0]) or by_code[ENGLISH]
    return by_code.get(wanted)


def read_catalogue(path: Path) -> TextCatalogue:
    """Read a catalogue. A translation whose places in braces differ from the English is left out.

    Raises:
        InputError: the file is no catalogue.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path.name} is too large to be a language file.")
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is no language file: it is damaged.") from error
    name = read.get("name") if isinstance(read, dict) else None
    texts, contexts = (
        (read.get("texts"), read.get("contexts", {})) if isinstance(read, dict) else (None, None)
    )
    if not (isinstance(name, str) and name and isinstance(texts, dict) and isinstance(contexts, dict)):
        raise InputError(f"{path.name} is no language file: it has no name and texts.")
    return TextCatalogue(
        name,
        _sound(texts),
        {str(key): _sound(value) for key, value in contexts.items() if isinstance(value, dict)},
    )


def places_in(text: str) -> list[str]:
    """What is filled in later: ``["{count}", "{name}"]``."""
    return sorted(_PLACE.findall(text))


def _sound(texts: Mapping[object, object]) -> dict[str, str]:
    return {
        english: said
        for english, said in texts.items()
        if isinstance(english, str)
        and isinstance(said, str)
        and said
        and places_in(said) == places_in(english)
    }
