"""A manifest that cannot be used is refused in a sentence that says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latent_studio.core.errors import PluginError
from latent_studio.plugin_host.content import read_content
from latent_studio.plugin_host.discover import find_plugins
from latent_studio.plugin_host.manifest import is_plugin_id, read_manifest
from tests.helpers.plugins import HEAD, TABLES

if TYPE_CHECKING:
    from pathlib import Path

GOOD = HEAD.format(id="mine", name="Mine") + TABLES["exporters"].format(id="mine")


def written(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    (folder / "plugin.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_manifest_says_what_is_added(tmp_path: Path) -> None:
    manifest = read_manifest(written(tmp_path, GOOD))
    assert manifest.provides == "exporter “T”"
    assert manifest.contributions[0].details == {"suffixes": (".tst",)}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "mine"\nname', 'id = "My Plugin"\nname', "lower case"),
        ('name = "Mine"', "", "needs name"),
        ("api = 1", 'api = "1"', "needs api"),
        ("api = 1", "api = true", "needs api"),
        ('object = "code:make"', 'object = "../code:make"', "object"),
        ('object = "code:make"', "", "object"),
        ('suffixes = [".tst"]', 'suffixes = ["tst"]', "suffixes"),
        ('suffixes = [".tst"]', "suffixes = []", "suffixes"),
        ("[[exporters]]", "[exporters]", "table"),
        ("[[exporters]]", "[[generators]]", "generators"),
        ("api = 1", "api = 1\nworld = 3", "world"),
        ('title = "T"', 'title = "a\\nb"', "one line"),
        ("api = 1", "api = 1 1", "no TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(PluginError, match=words):
        read_manifest(written(tmp_path, GOOD.replace(old, new)))


def test_one_that_adds_nothing_or_the_same_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="adds nothing"):
        read_manifest(written(tmp_path, HEAD.format(id="mine", name="Mine")))
    with pytest.raises(PluginError, match="two exporters"):
        read_manifest(written(tmp_path, GOOD + TABLES["exporters"].format(id="mine")))


def test_a_broken_one_is_listed_with_the_reason(tmp_path: Path) -> None:
    written(tmp_path, "nonsense")
    (found,) = find_plugins(bundled=None, user=tmp_path)
    assert found.manifest is None and "no TOML" in found.problem


@pytest.mark.parametrize("word", ["a", "contact-sheet", "ica2"])
def test_good_ids(word: str) -> None:
    assert is_plugin_id(word)


@pytest.mark.parametrize("word", ["", "A", "a_b", "-a", "a-", "a--b", "2a", "../a", "a" * 41])
def test_bad_ids(word: str) -> None:
    assert not is_plugin_id(word)


def test_the_hash_follows_names_and_bytes_and_not_compiled_files(tmp_path: Path) -> None:
    folder = written(tmp_path, GOOD)
    (folder / "code.py").write_text("a = 1")
    first = read_content(folder).sha256
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "code.pyc").write_bytes(b"x")
    assert read_content(folder).sha256 == first
    (folder / "code.py").rename(folder / "other.py")
    renamed = read_content(folder).sha256
    (folder / "other.py").write_text("a = 2")
    assert len({first, renamed, read_content(folder).sha256}) == 3


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, GOOD)
    (tmp_path / "outside.py").write_text("a = 1")
    (folder / "code.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(PluginError, match="leads out"):
        read_content(folder)


def test_installed_packages_name_their_plugin_without_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "some_plugin_pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "plugin.toml").write_text(GOOD)
    facts = tmp_path / "site" / "some_plugin_pkg-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plugin-pkg\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[latent_studio.plugins]\nmine = some_plugin_pkg\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (found,) = find_plugins(bundled=None, user=None)
    assert (found.origin, found.id, found.folder) == ("package", "mine", package)
