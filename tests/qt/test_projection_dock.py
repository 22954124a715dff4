"""The projection dock: photos in, crops by hand, results as one step, and the way back."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from latent_studio.app.projector import Found, Projector
from latent_studio.app.tuning_files import tuning_header
from latent_studio.core.errors import ImageError
from latent_studio.core.jobs import Progress
from latent_studio.core.spaces import Space
from latent_studio.methods.projection.objective import Score
from latent_studio.methods.projection.pivotal import Tuned
from latent_studio.methods.projection.rungs import Projection, Rung
from latent_studio.ui.docks.projection import ProjectionDock
from latent_studio.ui.photo_drops import is_picture
from latent_studio.ui.widgets.photo_view import PhotoView
from tests.helpers.fake_studio import SPEC
from tests.helpers.web_server import ServedFile, WebServer
from tests.qt.conftest import WAIT_MS


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (6, 5, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(noise).resize((100, 120), Image.Resampling.BICUBIC).save(path)
    return path


def rung(name: str, psnr: float) -> Rung:
    latent = torch.full((SPEC.num_ws, SPEC.w_dim), psnr / 100)
    picture = torch.zeros(1, 3, 64, 64)
    return Rung(name, "w+", latent, None, picture, Score(0.1, psnr, 1.0, 0.1, "pooled"), 1.0, 5)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Searches that end at once; what they were asked for."""
    asked: list[object] = []

    def project(self, model, crop, settings, *, progress, cancel, start=None, **_: object) -> Found:
        asked.append((settings, start))
        progress(Progress(0.5, "w: 3 steps/s", metrics={"loss": 0.5, "perceptual": 0.3}))
        cancel.check()
        rungs = (rung("start", 12.0), rung("w", 18.0), rung("w+", 22.0))
        return Found(Projection(rungs), crop[:64, :64], model.ref.sha256)

    monkeypatch.setattr(Projector, "project", project)
    monkeypatch.setattr(Projector, "__init__", lambda self, *_, **__: None)
    return asked


@pytest.fixture
def dock(qtbot, window) -> ProjectionDock:
    window.docking.bring("projection")
    found = window.findChild(ProjectionDock)
    assert found is not None
    return found


def add(qtbot, window, *paths: Path) -> None:
    desk = window.context.photos
    desk.add_files([str(path) for path in paths])
    qtbot.waitUntil(lambda: all(item.state != "reading" for item in desk.items), timeout=WAIT_MS)


def test_an_empty_dock_says_what_to_do(dock):
    assert "Drop a photo" in dock.findChild(object, "projection-hint").text()
    assert dock.findChild(object, "projection-start").isHidden() or not dock.search.isVisible()


def test_a_photo_without_a_face_offers_marks_and_a_square(qtbot, window, dock, photo):
    add(qtbot, window, photo)
    item = window.context.photos.current
    assert item.marks is None
    assert item.quad.side == 100
    assert "No face was found" in dock.findChild(object, "projection-hint").text()
    faces = dock.findChild(object, "projection-faces")
    assert [faces.itemText(index) for index in range(faces.count())] == ["Marks by hand", "Square"]


def test_marks_are_dragged_and_the_crop_follows(qtbot, window, dock, photo):
    add(qtbot, window, photo)
    faces = dock.findChild(object, "projection-faces")
    faces.setCurrentIndex(0)
    faces.activated.emit(0)
    view = dock.findChild(PhotoView)
    before = window.context.photos.current
    place = view.placeOf(view.marks()[0]).toPoint()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseMove(view, place + QPoint(-6, -4))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place + QPoint(-6, -4))
    after = window.context.photos.current
    assert after.marks.left_eye[0] < before.marks.left_eye[0]
    assert after.marks.right_eye == before.marks.right_eye
    assert (after.crop != before.crop).any()
    assert "%" in dock.findChild(object, "projection-sensitivity").text()


def test_marks_are_moved_by_keys(qtbot, window, dock, photo):
    add(qtbot, window, photo)
    dock.chooser.choose_crop(0)
    view = dock.findChild(PhotoView)
    view.setFocus()
    before = view.marks()
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.marks()[1][0] > before[1][0]
    assert view.marks()[0] == before[0]


def test_a_result_is_one_step_and_sets_the_latent(qtbot, window, dock, photo, searches):
    add(qtbot, window, photo)
    store = window.context.store
    before = store.session
    qtbot.mouseClick(dock.findChild(object, "projection-start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    session = store.session
    assert session.base.space is Space.W_PLUS
    assert session.synthesis.truncation_psi == 1.0
    assert session.projections[0].name == "photo.png"
    assert "22.0 dB" in dock.findChild(object, "projection-score").text()
    store.undo()
    assert store.session == before


def test_an_earlier_rung_can_be_gone_back_to_and_on_from(qtbot, window, dock, photo, searches):
    add(qtbot, window, photo)
    dock.search.start()
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    rungs = dock.findChild(object, "projection-rungs")
    assert rungs.currentIndex() == 2
    rungs.setCurrentIndex(1)
    rungs.activated.emit(1)
    assert window.context.store.session.base.values[0, 0] == pytest.approx(0.18)
    dock.found.go_on()
    qtbot.waitUntil(lambda: len(searches) == 2, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.context.photos.is_searching(1), timeout=WAIT_MS)
    assert searches[1][1].latent[0, 0].item() == pytest.approx(0.18)


def test_all_photos_are_queued_and_one_that_fails_does_not_stop_the_rest(
    qtbot, window, dock, photo, searches, tmp_path
):
    other = tmp_path / "other.png"
    other.write_bytes(photo.read_bytes())
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    add(qtbot, window, photo, text, other)
    dock.search.start_all()
    desk = window.context.photos
    qtbot.waitUntil(
        lambda: [item.state for item in desk.items] == ["found", "failed", "found"], timeout=WAIT_MS
    )


def test_another_model_meanwhile_leaves_the_session_alone(qtbot, window, dock, photo, monkeypatch, searches):
    add(qtbot, window, photo)
    item = window.context.photos.current
    found = Found(Projection((rung("w", 20.0),)), np.zeros((64, 64, 3), np.uint8), "another model")
    session = window.context.store.session
    window.context.photos._take_found(item.id, found)
    assert window.context.store.session is session


def test_another_model_is_opened_at_once_and_the_queue_goes_on(
    qtbot, window, dock, photo, monkeypatch, tmp_path
):
    opened = threading.Event()
    searched: list[str] = []

    def project(self, model, crop, settings, *, progress, cancel, **_: object) -> Found:
        progress(Progress(0.1, "w"))
        # The first one runs until it is stopped, the second one until the other model is open.
        (opened if searched else cancel._event).wait(WAIT_MS / 1000)
        searched.append(model.ref.name)
        projection = Projection((rung("w", 20.0),), is_complete=not cancel.is_cancelled)
        return Found(projection, crop[:64, :64], model.ref.sha256)

    monkeypatch.setattr(Projector, "project", project)
    monkeypatch.setattr(Projector, "__init__", lambda self, *_, **__: None)
    other = tmp_path / "other.png"
    other.write_bytes(photo.read_bytes())
    add(qtbot, window, photo, other)
    desk = window.context.photos
    dock.search.start_all()
    qtbot.waitUntil(lambda: desk.items[0].state == "searching", timeout=WAIT_MS)
    window.context.models.model_changed.connect(lambda _: opened.set())
    told: list[str] = []
    window.context.messages.posted.connect(lambda *words: told.append(" ".join(map(str, words))))
    window.open_model("dogs")
    qtbot.waitUntil(lambda: desk.items[1].state == "found", timeout=WAIT_MS)
    assert opened.is_set()
    assert searched == ["cats", "cats"]
    assert [item.state for item in desk.items] == ["found", "found"]
    assert any("best so far is kept" in one for one in told)
    assert any("another model" in one for one in told)


def test_a_failure_is_said_and_the_crop_stays(qtbot, window, dock, photo, monkeypatch):
    def fail(*_: object, **__: object) -> Found:
        raise ImageError("It went wrong.", hint="Try again.")

    monkeypatch.setattr(Projector, "project", fail)
    monkeypatch.setattr(Projector, "__init__", lambda self, *_, **__: None)
    add(qtbot, window, photo)
    dock.search.start()
    qtbot.waitUntil(lambda: window.context.photos.current.problem == "It went wrong.", timeout=WAIT_MS)
    assert window.context.photos.current.state == "ready"
    assert not dock.findChild(object, "projection-start").isHidden()


def test_the_edited_picture_is_shown_in_the_photo_and_saved(qtbot, window, dock, photo, searches, tmp_path):
    add(qtbot, window, photo)
    dock.search.start()
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    dock.findChild(object, "paste-difference").setChecked(False)
    view = dock.findChild(PhotoView)
    plain = view._image.copy()
    dock.findChild(object, "paste-live").setChecked(True)
    qtbot.waitUntil(lambda: view._image != plain, timeout=WAIT_MS)
    dock.paste.save(str(tmp_path / "out.png"))
    qtbot.waitUntil((tmp_path / "out.png").exists, timeout=WAIT_MS)
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (100, 120)


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Tunings that end at once; whether they help."""
    helps = [True]

    def tune(self, model, found, *, steps, class_idx, progress, cancel) -> Tuned:
        progress(Progress(0.5, "tuning"))
        differences = {"layer": torch.ones(2)} if helps[0] else {}
        scores = (Score(0.1, 22.0, 1.0, 0.1, "pooled"), Score(0.05, 28.0, 1.0, 0.1, "pooled"))
        return Tuned(differences, torch.zeros(1, 3, 64, 64), scores)

    monkeypatch.setattr(Projector, "tune", tune)
    return helps


def tune_to(qtbot, window, dock, path: Path, monkeypatch) -> list[str]:
    """Press the button and wait for what is said."""
    told: list[str] = []
    window.context.messages.posted.connect(lambda *words: told.append(" ".join(map(str, words))))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    button = dock.findChild(object, "projection-tune")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(told) and not button.isHidden(), timeout=WAIT_MS)
    return told


@pytest.mark.parametrize("helped", [True, False])
def test_the_model_is_tuned_into_a_file_and_stays_as_it_is(
    qtbot, window, dock, photo, searches, tuned, tmp_path, monkeypatch, helped
):
    tuned[0] = helped
    add(qtbot, window, photo)
    assert dock.findChild(object, "projection-tune").isHidden()
    dock.search.start()
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    session = window.context.store.session
    path = tmp_path / "photo-tuned.safetensors"
    told = tune_to(qtbot, window, dock, path, monkeypatch)
    said = "22.0 to 28.0 dB" if helped else "no better"
    assert said in told[0]
    assert path.is_file() is helped
    assert dock.findChild(object, "projection-rungs").count() == (4 if helped else 3)
    if helped:
        assert tuning_header(path)["photo"] == "photo.png"
    assert window.context.store.session is session


def test_the_tuned_model_is_the_last_rung_and_an_earlier_one_goes_back(
    qtbot, window, dock, photo, searches, tuned, tmp_path, monkeypatch
):
    add(qtbot, window, photo)
    dock.search.start()
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    store = window.context.store
    store.set_amount(window.context.models.model.directions[0], 1.0)
    window.context.document.set_notes("mine")
    base, found, steps = store.session.model, store.session.base, len(store.history)
    # The fake studio's models lie in the folder one is in.
    monkeypatch.chdir(tmp_path)
    tune_to(qtbot, window, dock, Path("photo-tuned.safetensors"), monkeypatch)
    rungs = dock.findChild(object, "projection-rungs")
    rungs.setCurrentIndex(3)
    rungs.activated.emit(3)
    qtbot.waitUntil(lambda: store.session.model.path.endswith("photo-tuned.safetensors"), timeout=WAIT_MS)
    assert store.session.base == found
    assert len(store.session.edits) == 1
    assert rungs.currentIndex() == 3
    go_on, tune = (dock.findChild(object, f"projection-{name}") for name in ("continue", "tune"))
    assert go_on.isHidden() and tune.isHidden()
    # Nothing the user did is lost: every step is there, now of the tuned model.
    assert len(store.history) == steps
    store.undo()
    assert len(store.session.edits) == 0
    assert store.session.model.path.endswith("photo-tuned.safetensors")
    store.redo()
    rungs.setCurrentIndex(1)
    rungs.activated.emit(1)
    qtbot.waitUntil(lambda: store.session.model == base, timeout=WAIT_MS)
    assert store.session.base.values[0, 0] == pytest.approx(0.18)
    assert len(store.history) == steps + 1
    assert window.context.document.notes == "mine"
    assert not go_on.isHidden() and not tune.isHidden()


def test_the_clipboards_picture_is_taken(qtbot, window, dock):
    image = QImage(QSize(40, 40), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    QGuiApplication.clipboard().setImage(image)
    dock.chooser.take_clipboard()
    desk = window.context.photos
    qtbot.waitUntil(lambda: desk.current is not None and desk.current.state == "ready", timeout=WAIT_MS)
    assert (desk.current.photo.pixels == [255, 0, 0]).all()


def test_a_photo_dropped_on_the_window_goes_to_the_dock(qtbot, window, photo):
    assert window.context.dropped.offer(str(photo))
    desk = window.context.photos
    qtbot.waitUntil(lambda: desk.current is not None and desk.current.state == "ready", timeout=WAIT_MS)
    assert window.docking["projection"].isVisible()


def test_many_photos_a_folder_and_an_address_are_dropped_on_the_window(qtbot, window, photo, tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(photo.read_bytes())
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    model = window.context.models.model
    data = QMimeData()
    with WebServer() as server:
        server.files["/far.png"] = ServedFile(photo.read_bytes())
        data.setUrls([
            QUrl.fromLocalFile(str(photo)), QUrl.fromLocalFile(str(text)), QUrl.fromLocalFile(str(folder)),
            QUrl(server.url("/far.png")),
        ])  # fmt: skip
        event = QDropEvent(
            QPointF(20, 20), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        window.dropEvent(event)
        desk = window.context.photos
        qtbot.waitUntil(
            lambda: len(desk.items) == 5 and all(item.state != "reading" for item in desk.items),
            timeout=WAIT_MS,
        )
    states = {item.name: item.state for item in desk.items}
    assert states.pop("text.jpg") == "failed"
    assert set(states) == {"photo.png", "a.png", "b.png", "far.png"}
    assert set(states.values()) == {"ready"}
    assert window.context.models.model is model


def test_pictures_are_told_by_their_first_bytes():
    assert is_picture(b"\x89PNG\r\n")
    assert is_picture(b"RIFF\0\0\0\0WEBP")
    assert not is_picture(b"RIFF\0\0\0\0WAVE")
    assert not is_picture(b"PK\x03\x04")


def test_the_command_says_what_the_dock_would_do(qtbot, window, dock, photo):
    add(qtbot, window, photo)
    dock.search.copy_command()
    text = QGuiApplication.clipboard().text()
    assert text.startswith("latent-studio project cats.safetensors")
    assert "--box" in text
