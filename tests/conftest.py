"""What every test gets: no real screen, no settings of the user, repeatable numbers, no widget left over."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QWidget

REPO_ROOT = Path(__file__).resolve().parent.parent

_PROFILES = tempfile.TemporaryDirectory(prefix="latent-studio-tests-", ignore_cleanup_errors=True)


def _prepare_process() -> None:
    """Set what Qt, torch and our own paths read once; runs before any of them is imported."""
    for name in [name for name in os.environ if name.startswith("LATENT_STUDIO_")]:
        # A developer's own preferences must not decide what a test sees.
        if name not in ("LATENT_STUDIO_VENV", "LATENT_STUDIO_GOLDEN"):
            del os.environ[name]
    os.environ["LATENT_STUDIO_PROFILE"] = str(Path(_PROFILES.name) / "session")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # One thread each: sums come out the same on every machine, and small networks are no slower.
    for pool in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(pool, "1")
    from latent_studio.engine.allocator import tune_allocator

    tune_allocator()


_prepare_process()

for _name, _examples in (("quick", 50), ("ci", 200)):
    settings.register_profile(
        _name,
        max_examples=_examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--save-screenshots",
        action="store_true",
        help="rewrite docs/images from the pictures that tests take",
    )


def pytest_unconfigure() -> None:
    _PROFILES.cleanup()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder and by fixture, before ``-m`` chooses."""
    for item in items:
        for folder in ("e2e", "perf"):
            if item.path.is_relative_to(REPO_ROOT / "tests" / folder):
                item.add_marker(folder)
        if {"qtbot", "qapp"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("gui")


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The checkout."""
    return REPO_ROOT


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """The full set of reference data, which is too large for the repository; skips without it."""
    place = Path(os.environ.get("LATENT_STUDIO_GOLDEN") or REPO_ROOT.parent / "shared" / "golden")
    if not place.is_dir():
        pytest.skip("the full golden data is not here; set LATENT_STUDIO_GOLDEN to its folder")
    return place


@pytest.fixture(scope="session")
def display() -> str:
    """The real or virtual screen a window opens on; skips without one."""
    name = os.environ.get("DISPLAY", "")
    if not name or os.environ["QT_QPA_PLATFORM"] != "xcb":
        pytest.skip("needs a screen: run it by `make e2e`")
    return name


_profile_numbers = itertools.count()


@pytest.fixture(autouse=True)
def profile(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile folder for this test alone; it does not exist yet, as on the program's first start."""
    place = Path(_PROFILES.name) / f"test-{next(_profile_numbers)}"
    monkeypatch.setenv("LATENT_STUDIO_PROFILE", str(place))
    return place


class Grabbable(Protocol):
    """A widget or a screen's picture: whatever can write itself to a file."""

    def save(self, fileName: str) -> bool: ...


@pytest.fixture
def save_screenshot(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, Grabbable], Path]:
    """Write a ``QPixmap`` or ``QImage`` as ``NAME.png``, into docs/images under ``--save-screenshots``."""
    folder = REPO_ROOT / "docs" / "images" if request.config.getoption("--save-screenshots") else tmp_path

    def save(name: str, picture: Grabbable) -> Path:
        path = folder / f"{name}.png"
        assert picture.save(str(path)), f"the screenshot {path} could not be written"
        return path

    return save


@pytest.fixture(autouse=True)
def no_widget_left_behind() -> Iterator[None]:
    """Fail a test that leaves a top-level Qt widget: it would answer events of the next one."""
    before = set(_top_levels())
    yield
    if set(_top_levels()) - before:
        _delete_later()
    if set(_top_levels()) - before:
        gc.collect()
        _delete_later()
    left = [widget for address, widget in _top_levels().items() if address not in before]
    if left:
        names = ", ".join(sorted(f"{type(widget).__name__} {widget.objectName()!r}" for widget in left))
        for widget in left:
            widget.deleteLater()
        _delete_later()
        pytest.fail(f"top-level widgets outlive the test: {names}", pytrace=False)


def _delete_later() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _top_levels() -> dict[int, QWidget]:
    """Top-level widgets by address; empty, and no import of Qt, while no test has used Qt."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or not isinstance(widgets.QApplication.instance(), widgets.QApplication):
        return {}
    import shiboken6

    return {
        shiboken6.getCppPointer(widget)[0]: widget
        for widget in widgets.QApplication.topLevelWidgets()
        # Qt keeps one tool tip label for the life of the program.
        if not widget.inherits("QTipLabel")
    }
