"""Window, packages, encoders, folders and system: what is lacking is named with what to do."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections import namedtuple
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from latent_studio.app.probes import encoders, folders, system, window
from latent_studio.app.probes.encoders import look_at_encoders
from latent_studio.app.probes.folders import look_at_folders
from latent_studio.app.probes.packages import look_at_packages
from latent_studio.app.probes.qt_libraries import LIBRARIES, can_load, missing_libraries
from latent_studio.app.probes.system import look_at_system
from latent_studio.app.probes.window import look_at_window

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from latent_studio.app.probes.finding import Examination, Finding

Usage = namedtuple("Usage", "total used free")


def named(findings: Iterable[Finding], name: str) -> Finding:
    return next(finding for finding in findings if finding.name == name)


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Installed packages by name; nothing else is installed."""
    there: dict[str, str] = {}

    def version(name: str) -> str:
        if name not in there:
            raise importlib.metadata.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch==2.14.1"])
    return there


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    """Importable modules by name."""
    there: set[str] = set()
    spec = SimpleNamespace(origin=str(tmp_path / "PySide6" / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if name in there else None)
    return there


# Window


@pytest.fixture
def qt(versions: dict[str, str], modules: set[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A PySide6 that fits, on a machine with everything and a screen."""
    platforms = tmp_path / "PySide6" / "Qt" / "plugins" / "platforms"
    platforms.mkdir(parents=True)
    for name in ("libqxcb.so", "libqoffscreen.so"):
        (platforms / name).touch()
    modules.add("PySide6")
    versions.update({"PySide6-Essentials": "6.11.3", "shiboken6": "6.11.3"})
    monkeypatch.setattr(window, "missing_libraries", lambda: ())
    monkeypatch.setattr(window.sys, "platform", "linux")
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", "annas-desktop:0")


def test_a_complete_window_is_fine_and_its_screen_is_not_named(qt: None, examination: Examination) -> None:
    found = list(look_at_window(examination))

    assert [one.state for one in found] == ["ok", "ok", "ok"]
    assert "PySide6 6.11.3; platforms: xcb, offscreen" in found[0].fact
    assert found[1].fact == "X11"


def test_missing_libraries_are_named_with_their_packages(
    qt: None, examination: Examination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "missing_libraries", lambda: ("libxcb-cursor.so.0", "libEGL.so.1"))

    found = named(look_at_window(examination), "Qt's libraries")

    assert found.state == "bad"
    assert "libxcb-cursor.so.0" in found.fact
    assert "apt-get install --no-install-recommends libxcb-cursor0 libegl1" in found.hint


def test_without_a_screen_nothing_about_the_window_is_bad(
    qt: None, examination: Examination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "missing_libraries", lambda: ("libEGL.so.1",))
    monkeypatch.delenv("DISPLAY")

    found = list(look_at_window(examination))

    assert [one.state for one in found] == ["ok", "warn", "warn"]
    assert "xvfb-run" in found[1].hint


def test_a_missing_qt_is_named(qt: None, modules: set[str], examination: Examination) -> None:
    modules.clear()

    found = named(look_at_window(examination), "Qt")

    assert found.state == "bad"
    assert "pip install PySide6-Essentials" in found.hint


def test_two_halves_of_qt_that_do_not_fit_are_bad(
    qt: None, versions: dict[str, str], examination: Examination
) -> None:
    versions["shiboken6"] = "6.8.0"

    found = named(look_at_window(examination), "Qt")

    assert (found.state, found.hint) == ("bad", "Install one set: pip install shiboken6==6.11.3")


@pytest.mark.parametrize(("python", "state"), [((3, 11, 9), "bad"), ((3, 12, 1), "ok")])
def test_a_qt_that_aborts_on_this_python_is_bad(
    qt: None,
    versions: dict[str, str],
    examination: Examination,
    monkeypatch: pytest.MonkeyPatch,
    python: tuple[int, ...],
    state: str,
) -> None:
    versions.update({"PySide6-Essentials": "6.12.0", "shiboken6": "6.12.0"})
    monkeypatch.setattr(window.sys, "version_info", python)

    assert named(look_at_window(examination), "Qt").state == state


def test_a_library_that_the_loader_does_not_find_is_missing() -> None:
    assert can_load("libc.so.6")
    assert not can_load("liblatent-studio-has-no-such-library.so.1")
    assert missing_libraries(finds=lambda name: "xkb" not in name) == tuple(
        name for name in LIBRARIES if "xkb" in name
    )


# Packages


def look_at(name: str, examination: Examination) -> Finding:
    return named(look_at_packages(examination), name)


def test_a_package_that_is_there_has_its_version(
    versions: dict[str, str], modules: set[str], examination: Examination
) -> None:
    modules.add("lpips")
    versions.update({"lpips": "0.1.4", "torch": "2.14.1+cpu"})

    found = look_at("lpips", examination)

    assert (found.state, found.fact) == ("ok", "lpips 0.1.4")


def test_a_missing_package_is_a_warning_with_its_command(
    versions: dict[str, str], modules: set[str], examination: Examination
) -> None:
    found = look_at("cv2", examination)

    assert (found.state, found.hint) == ("warn", "pip install opencv-python")


@pytest.mark.parametrize(
    ("there", "is_importable", "words"),
    [
        ({"torchvision": "0.29.1"}, False, "without its files"),
        ({}, True, "no package that it came from"),
        ({"torchvision": "0.29.1", "torch": "2.13.0"}, True, "wants torch 2.14.1, but 2.13.0 is installed"),
    ],
)
def test_a_broken_package_says_how(
    versions: dict[str, str],
    modules: set[str],
    examination: Examination,
    there: dict[str, str],
    is_importable: bool,
    words: str,
) -> None:
    versions.update(there)
    if is_importable:
        modules.add("torchvision")

    found = look_at("torchvision", examination)

    assert found.state == "warn"
    assert words in found.fact
    assert found.hint


def test_two_opencvs_in_one_place_are_broken(
    versions: dict[str, str], modules: set[str], examination: Examination
) -> None:
    modules.add("cv2")
    versions.update({"opencv-python": "4.10", "opencv-python-headless": "4.11", "torch": "2.14.1"})

    found = look_at("cv2", examination)

    assert "overwrite each other" in found.fact
    assert "pip uninstall opencv-python opencv-python-headless" in found.hint


def test_a_missing_library_of_our_own_is_bad(versions: dict[str, str], examination: Examination) -> None:
    versions.update({"numpy": "2.4", "safetensors": "0.8", "platformdirs": "4"})

    found = named(look_at_system(examination), "libraries")

    assert found.state == "bad"
    assert "pip install pillow" in found.hint


def test_the_system_names_no_machine(examination: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.platform, "node", lambda: "annas-laptop")

    assert all("anna" not in found.fact for found in look_at_system(examination))


# Encoders


@pytest.mark.parametrize(
    ("broken", "state"), [((), "ok"), (("WEBP",), "warn"), (("GIF",), "bad"), (("PNG", "WEBP"), "bad")]
)
def test_an_encoder_counts_by_what_needs_it(
    examination: Examination, monkeypatch: pytest.MonkeyPatch, broken: tuple[str, ...], state: str
) -> None:
    monkeypatch.setattr(encoders, "_can_write", lambda name: name not in broken)

    found = named(look_at_encoders(examination), "picture files")

    assert found.state == state
    assert bool(found.hint) == bool(broken)
    assert all(name in found.fact.partition("not ")[2] for name in broken)


def test_an_encoder_is_tried_and_not_only_looked_up() -> None:
    assert encoders._can_write("PNG")
    assert not encoders._can_write("NOSUCH")


# Folders


def test_folders_that_do_not_exist_yet_are_fine_and_are_not_made(examination: Examination) -> None:
    found = list(look_at_folders(examination))

    assert [one.state for one in found] == ["ok"] * 4
    assert all("GB free" in one.fact for one in found)
    assert not examination.studio.paths.config.parent.exists()


def test_a_file_in_a_folders_place_is_bad(examination: Examination) -> None:
    place = examination.studio.paths.data
    place.parent.mkdir(parents=True)
    place.write_text("in the way")

    found = named(look_at_folders(examination), "data folder")

    assert found.state == "bad"
    assert "cannot be kept" in found.fact
    assert "--profile" in found.hint


def test_a_folder_that_refuses_files_is_bad(
    examination: Examination, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folders.tempfile, "TemporaryFile", refuse)

    found = list(look_at_folders(examination))

    assert {one.state for one in found} == {"bad"}
    assert "…/config: Permission denied" in found[0].fact


def test_a_full_disk_is_a_warning(examination: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda place: Usage(9, 9, 10_000_000))

    assert {one.state for one in look_at_folders(examination)} == {"warn"}
