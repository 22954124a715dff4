from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject

from latent_studio.app.store import SessionStore
from latent_studio.core.errors import ExportError
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.amounts import format_amount
from latent_studio.ui.failures import describe_failure
from latent_studio.ui.model_facts import count_text, headline, shape_text, size_text
from latent_studio.ui.picture_names import file_stem, unused_path
from latent_studio.ui.quit_signals import QuitSignals
from latent_studio.ui.render_controller import RenderController
from latent_studio.ui.render_thread import RenderThread
from latent_studio.ui.seeds import describe_seed
from latent_studio.ui.session_bridge import SessionBridge
from latent_studio.ui.small_pictures import SmallPictures
from latent_studio.ui.thumbnails import SliderEnds, Thumbnails
from tests.helpers.fake_engine import FakeEngine
from tests.helpers.fake_studio import fake_model
from tests.qt.conftest import WAIT_MS

if TYPE_CHECKING:
    from pathlib import Path

MODEL = fake_model("cats")


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_our_own_errors_keep_their_words_and_carry_details():
    failure = describe_failure(raised(ExportError("The disk is full.", hint="Free some space.")), revision=3)

    assert (failure.title, failure.hint, failure.revision) == ("The disk is full.", "Free some space.", 3)
    assert "raise error" in failure.details
    assert failure.is_expected


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (MemoryError(), "There is not enough memory for this."),
        (OSError(28, "No space left on device", "/x/y"), "/x/y: No space left on device."),
        (ValueError("odd\nsecond line"), "Something unexpected happened (ValueError: odd)."),
        (KeyError(), "Something unexpected happened (KeyError)."),
    ],
)
def test_other_errors_become_one_sentence(error, title):
    failure = describe_failure(raised(error))

    assert failure.title == title
    assert failure.hint


def test_the_bridge_passes_changes_on_until_it_is_closed():
    store = SessionStore()
    bridge = SessionBridge(store)
    heard = []
    bridge.session_changed.connect(lambda old, new: heard.append((old.base.seed, new.base.seed)))

    store.set_base(SeedPoint(4), "Go")
    bridge.close()
    store.set_base(SeedPoint(5), "Go")

    assert heard == [(0, 4)]


@pytest.mark.parametrize(
    ("amount", "in_sigma", "text"),
    [(0.0, True, "0"), (3.0, True, "+1.50 σ"), (-1.0, True, "−0.50 σ"), (-1.0, False, "−1.00")],
)
def test_amounts_are_written_with_their_sign_and_unit(amount, in_sigma, text):
    assert format_amount(amount, MODEL.directions[0], in_sigma=in_sigma) == text


def test_seeds_are_written_with_the_way_between_them():
    assert describe_seed(SeedPoint(42)) == "seed 42"
    assert describe_seed(SeedPoint(42, 0.3, 0.1)) == "seed 42 +0.30, +0.10"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1_340_000, "1.34 M"), (30_000_000, "30 M"), (2_000, "2 k")]
)
def test_large_counts_are_short(count, text):
    assert count_text(count) == text


@pytest.mark.parametrize(("size", "text"), [(10, "10 B"), (5_550_000, "5.55 MB"), (2_000_000_000, "2 GB")])
def test_sizes_are_short(size, text):
    assert size_text(size) == text


def test_facts_of_a_model_name_its_spaces_and_classes():
    assert headline(MODEL.spec) == "StyleGAN2 · 64 px · 10 rows"
    assert shape_text(replace(MODEL.spec, c_dim=3)) == "z 8 · w 8 · ws 10 × 8 · 3 classes"


def test_file_names_tell_model_and_seed():
    assert file_stem(MODEL.start) == "cats-seed0000"
    assert file_stem(replace(MODEL.start, base=SeedPoint(7, 0.5))) == "cats-seed0007-between"


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path):
    path = tmp_path / "film.gif"
    assert unused_path(path) == path
    assert unused_path(path, taken=path) == tmp_path / "film-2.gif"

    path.touch()
    (tmp_path / "film-2.gif").touch()
    assert unused_path(path) == tmp_path / "film-3.gif"
    assert unused_path(tmp_path / "film-2.gif") == tmp_path / "film-3.gif"


def test_a_polite_kill_calls_quit_on_the_gui_thread(qtbot):
    before = signal.getsignal(signal.SIGTERM)
    quits = []
    signals = QuitSignals(lambda: quits.append(1))

    os.kill(os.getpid(), signal.SIGTERM)
    qtbot.waitUntil(lambda: quits == [1], timeout=WAIT_MS)
    signals.close()

    assert signal.getsignal(signal.SIGTERM) == before


class ThumbnailParts:
    """Thumbnails with everything they need, and what they made."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.store = SessionStore()
        self.bridge = SessionBridge(self.store)
        self.thread = RenderThread(lambda: self.engine)
        self.owner = QObject()
        self.renders = RenderController(self.store, bridge=self.bridge, thread=self.thread, parent=self.owner)
        self.thumbnails = Thumbnails(
            self.store,
            bridge=self.bridge,
            renders=self.renders,
            pictures=SmallPictures(self.thread, self.owner),
            parent=self.owner,
        )
        self.made = {}
        self.thumbnails.ready.connect(self.take)
        self.store.open_model(MODEL.ref, MODEL.start)

    def take(self, id, low, high) -> None:
        self.made[id] = (low, high)

    def are_complete(self, *ids: str):
        return lambda: all(None not in self.made.get(id, (None,)) for id in ids)


@pytest.fixture
def parts(qapp):
    parts = ThumbnailParts()
    yield parts
    assert parts.thread.close()
    parts.bridge.close()


def ends(index: int, *, high: float = 6.0) -> SliderEnds:
    return SliderEnds(MODEL.directions[index], -6.0, high)


def test_thumbnails_are_made_once_and_again_when_the_base_changes(qtbot, parts):
    first, second = MODEL.directions[0].id, MODEL.directions[1].id
    parts.thumbnails.show_ends((ends(0), ends(1)))
    qtbot.waitUntil(parts.are_complete(first, second), timeout=WAIT_MS)
    rendered = len(parts.engine.seen)

    parts.made.clear()
    parts.thumbnails.show_ends((ends(1), ends(2)))
    qtbot.waitUntil(parts.are_complete(MODEL.directions[2].id), timeout=WAIT_MS)
    assert len(parts.engine.seen) == rendered + 2
    assert second not in parts.made

    parts.made.clear()
    parts.store.set_base(SeedPoint(9), "Go")
    qtbot.waitUntil(parts.are_complete(second), timeout=WAIT_MS)
    assert parts.made[second][0].pixelColor(0, 0).green() == 180


def test_an_edit_leaves_the_thumbnails_alone(qtbot, parts):
    parts.thumbnails.show_ends((ends(0),))
    qtbot.waitUntil(parts.are_complete(MODEL.directions[0].id), timeout=WAIT_MS)
    rendered = len(parts.engine.seen)

    parts.store.set_amount(MODEL.directions[1], 2.0)
    qtbot.wait(300)

    assert len(parts.engine.seen) == rendered


def test_other_ends_give_other_thumbnails(qtbot, parts):
    id = MODEL.directions[0].id
    parts.thumbnails.show_ends((ends(0),))
    qtbot.waitUntil(parts.are_complete(id), timeout=WAIT_MS)
    before = parts.made.pop(id)[1].pixelColor(0, 0).red()

    parts.thumbnails.show_ends((ends(0, high=9.0),))
    qtbot.waitUntil(parts.are_complete(id), timeout=WAIT_MS)

    assert parts.made[id][1].pixelColor(0, 0).red() > before
