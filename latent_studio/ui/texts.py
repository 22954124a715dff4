"""Texts: every word of the window passes here on its way to the screen.

Widgets write ``self.tr("Open model")``, functions ``QCoreApplication.translate("menus", "&File")``: English,
whole sentences, with what is filled in later in braces. A catalogue (``resources/languages/de.json``) answers
with the translation; what it does not have stays English. ``scripts/texts.py`` finds what is missing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator

from latent_studio.app.languages import ENGLISH, choose_language, find_languages, read_catalogue
from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from PySide6.QtCore import QCoreApplication, QObject

    from latent_studio.app.languages import TextCatalogue
    from latent_studio.app.paths import Paths

log = logging.getLogger(__name__)


class CatalogueTranslator(QTranslator):
    """A catalogue as Qt asks for it.

    Args:
        catalogue: the translations.
        parent: Qt owner.
    """

    def __init__(self, catalogue: TextCatalogue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._catalogue = catalogue

    def isEmpty(self) -> bool:
        """Never: Qt asks no further if it is."""
        return False

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        """The translation, or ``None``."""
        return self._catalogue.find(context, text)


def marked(text: str) -> str:
    """The text as it is; ``scripts/texts.py`` takes it for one that is translated elsewhere."""
    return text


def install_language(app: QCoreApplication, wanted: str, paths: Paths) -> str:
    """Let the application speak a language. Texts made before stay as they are.

    Args:
        app: the application.
        wanted: of the settings: a code, or ``system``.
        paths: whose languages, beside the bundled ones.

    Returns:
        The code of the language it speaks now: English if there is none of that name.
    """
    system = QLocale.system().name()
    language = choose_language(wanted, system, find_languages(paths))
    if language is None:
        log.warning("There is no language file for %r; the window speaks English.", wanted)
        return ENGLISH
    if language.path is None:
        return ENGLISH
    try:
        translator = CatalogueTranslator(read_catalogue(language.path), app)
    except InputError as error:
        log.warning("%s The window speaks English.", error.title)
        return ENGLISH
    # Qt's own words: OK, Cancel, the menus of fields.
    qt = QTranslator(app)
    if qt.load(f"qtbase_{language.code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(qt)
    app.installTranslator(translator)
    QLocale.setDefault(QLocale(language.code))
    return language.code
