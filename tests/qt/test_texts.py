"""Languages: catalogues, what falls back to English, and that no text of the window goes around them."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator
from PySide6.QtWidgets import QMainWindow

from latent_studio.app.languages import choose_language, find_languages, read_catalogue
from latent_studio.app.paths import Paths
from latent_studio.core.errors import InputError
from latent_studio.ui.actions import Actions
from latent_studio.ui.dock_catalog import bundled_docks
from latent_studio.ui.texts import install_language

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import texts  # noqa: E402 - a script

#: What puts words on the screen.
SINKS = {
    "setText", "setToolTip", "setAccessibleName", "setAccessibleDescription", "setPlaceholderText",
    "setWindowTitle", "setStatusTip", "setSpecialValueText", "setTitle", "QLabel", "QPushButton", "QCheckBox",
    "QRadioButton", "QAction", "QMenu", "addMenu", "PanelTitle", "question", "news", "success",
}  # fmt: skip


@pytest.fixture
def paths(tmp_path):
    return Paths.in_profile(tmp_path)


@pytest.fixture
def german(qapp, paths):
    locale = QLocale()
    assert install_language(qapp, "de", paths) == "de"
    yield
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()
    QLocale.setDefault(locale)


def test_the_window_speaks_german_and_what_is_missing_stays_english(german, qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = Actions(window)
    assert actions["undo"].text() == "Rückgängig"
    assert actions["open_model"].toolTip().startswith("Einen Generator")
    assert {dock.title for dock in bundled_docks()} >= {"Modell", "Regler", "Zeitleiste", "Aufträge"}
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    assert QCoreApplication.translate("anything", "Nobody translated this.") == "Nobody translated this."
    assert QCoreApplication.translate("WindowController", "Space") == "Leertaste"
    assert QCoreApplication.translate("ProjectionDock", "Space") == "Raum"


def test_menus_docks_and_settings_are_german_but_for_the_newest():
    catalogue = read_catalogue(ROOT / "resources" / "languages" / "de.json")
    names = ("ui/actions.py", "ui/menus.py", "ui/dock_catalog.py", "app/settings.py", "ui/settings_window.py")
    said = [
        text
        for name in names
        for text, _ in texts.texts_of((ROOT / "latent_studio" / name).read_text(encoding="utf-8"))
    ]
    missing = [text for text in said if catalogue.find("", text) is None]
    assert len(missing) <= len(said) / 10, missing


@pytest.mark.parametrize(
    ("wanted", "system", "code"),
    [("system", "de_AT", "de"), ("system", "xx_YY", "en"), ("de", "en_GB", "de"), ("en", "de_DE", "en")],
)
def test_the_language_is_the_settings_or_the_desktops(paths, wanted, system, code):
    assert choose_language(wanted, system, find_languages(paths)).code == code


def test_a_language_of_ones_own_is_a_file_in_the_profile(paths, qapp, caplog):
    folder = paths.data / "languages"
    folder.mkdir(parents=True)
    (folder / "eo.json").write_text(json.dumps({"name": "Esperanto", "texts": {"Undo": "Malfari"}}))
    (folder / "fr.json").write_text('{"name": "Fran')
    found = {language.code: language.name for language in find_languages(paths)}
    assert found["eo"] == "Esperanto"
    assert "fr" not in found
    assert install_language(qapp, "fr", paths) == "en"
    assert "no language file for 'fr'" in caplog.text


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"name": "X"}', '{"name": 3, "texts": {}}', "[" * 100_000, '{"name": "X", "texts": 1}'],
)
def test_a_file_that_is_no_catalogue_is_one_sentence(tmp_path, text):
    path = tmp_path / "xx.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"xx\.json is no language file"):
        read_catalogue(path)


def test_a_translation_that_fills_in_other_things_is_left_out(tmp_path):
    path = tmp_path / "xx.json"
    said = {"{n} steps": "{m} pasxoj", "{count} rows": "vicoj: {count}", "Undo": 3}
    path.write_text(json.dumps({"name": "X", "texts": said}))
    assert read_catalogue(path).texts == {"{count} rows": "vicoj: {count}"}


def test_the_script_finds_what_is_missing_gone_or_built(tmp_path):
    source = 'self.tr("Here")\nself.tr(f"built {x}")\nQCoreApplication.translate("c", "There")\n'
    assert dict(texts.texts_of(source)) == {"Here": 1, "There": 3}
    assert [line for _, line in texts.untranslatable(source)] == [2]
    path = tmp_path / "xx.json"
    path.write_text(json.dumps({"name": "X", "texts": {"Here": "Tie", "Gone": "For"}}))
    known = {"Here": "", "There": ""}
    assert texts.missing_in(path, known) == ["There"]
    assert texts.problems_of(path, known) == ["xx.json: nobody says 'Gone' any more"]


def test_no_text_of_the_window_goes_around_the_catalogue():
    around = []
    for path in sorted((ROOT / "latent_studio" / "ui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and texts._name(node.func) in SINKS:
                around += [
                    f"{path.name}:{node.lineno}: {ast.unparse(given)}"
                    for given in node.args
                    if _says_words(given)
                ]
    assert around == []


def _says_words(node: ast.expr) -> bool:
    """A constant or built text with a word of three letters in it."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return any(
        isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and any(len(word) > 2 and word.isalpha() for word in part.value.split())
        for part in parts
    )
