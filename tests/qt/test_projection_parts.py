"""Parts of the projection panel: weights, finders, the brush, faces one by one, curves."""

# ruff: noqa: F401, F811 - fixtures are imported
from __future__ import annotations

import hashlib
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from latent_studio.app.projector import Found, Projector, rung_latent
from latent_studio.app.stored_latents import read_latents
from latent_studio.app.tasks.project import ProjectOptions
from latent_studio.cli.arguments import parse_arguments
from latent_studio.core.errors import ImageError
from latent_studio.methods.alignment import fan, finders
from latent_studio.methods.alignment.faces import Face, FaceMarks
from latent_studio.methods.hub_file import HubFile
from latent_studio.methods.projection.loss_weights import LossWeights
from latent_studio.methods.projection.rungs import Projection, Start
from latent_studio.ui.command_text import command_text
from latent_studio.ui.photos.brush_mask import BrushMask
from latent_studio.ui.photos.film_saver import FilmSaver
from latent_studio.ui.widgets.photo_view import PhotoView
from tests.helpers.fake_studio import SPEC
from tests.helpers.web_server import ServedFile, WebServer
from tests.qt.conftest import WAIT_MS
from tests.qt.test_projection_dock import add, dock, photo, rung, searches

if TYPE_CHECKING:
    from pathlib import Path


def part(dock, name):
    return dock.findChild(object, name)


class TwoFaces:
    """A finder that sees two faces in everything."""

    def find(self, pixels, *, check_cancel=lambda: None):
        marks = FaceMarks((30, 40), (50, 40), (32, 60), (48, 60))
        other = FaceMarks((60, 80), (70, 80), (61, 90), (69, 90))
        return (Face((20, 20, 60, 70), marks, 1.0, "two"), Face((55, 70, 75, 95), other, 0.9, "two"))


def test_weights_reach_the_search_and_the_command(qtbot, window, dock, photo, searches):
    add(qtbot, window, photo)
    qtbot.mouseClick(part(dock, "projection-tuning"), Qt.MouseButton.LeftButton)
    pixel = part(dock, "projection-weight-pixel")
    assert pixel.isVisible()
    pixel.slider().changeTo(2.0)
    done = []
    window.context.jobs.done.connect(lambda job, _: done.append(job))
    dock.search.start()
    qtbot.waitUntil(lambda: len(searches) == 1, timeout=WAIT_MS)
    assert searches[0][0].weights == replace(LossWeights(), pixel=2.0)
    dock.search.copy_command()
    command = QGuiApplication.clipboard().text()
    assert "--weight pixel=2" in command
    qtbot.waitUntil(lambda: any(job.twin is not None for job in done), timeout=WAIT_MS)
    (twin,) = (job.twin for job in done if job.twin is not None)
    assert command_text(*twin) == command
    qtbot.mouseClick(part(dock, "projection-weights-reset"), Qt.MouseButton.LeftButton)
    assert dock.search.tuning.weights == LossWeights()


def test_a_search_from_the_canvas_takes_the_edits_place(qtbot, window, dock, photo, searches, monkeypatch):
    start = Start("w+", torch.zeros(10, 8))
    monkeypatch.setattr(Projector, "canvas_start", lambda self, model, session: start)
    add(qtbot, window, photo)
    store = window.context.store
    store.set_amount(window.context.models.model.directions[0], 1.5)
    edited = store.session
    qtbot.mouseClick(part(dock, "projection-from-canvas"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    assert searches[0][1] is start
    assert len(store.session.edits) == 0
    store.undo()
    assert store.session == edited
    # The next search begins anew, and leaves edits alone as ever.
    qtbot.mouseClick(part(dock, "projection-start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(searches) == 2, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.context.photos.is_searching(1), timeout=WAIT_MS)
    assert searches[1][1] is None
    assert len(store.session.edits) == 1


def test_the_score_tells_the_person_where_a_network_does(qtbot, window, dock, photo):
    add(qtbot, window, photo)
    desk = window.context.photos
    plain = rung("w+", 24.0)
    person = replace(plain, score=replace(plain.score, identity=0.87))
    for one, words in ((plain, "dB · 1.00 σ"), (person, "dB · person 0.87 · 1.00 σ")):
        found = Found(Projection((one,)), np.zeros((64, 64, 3), np.uint8), "cats-sha256")
        desk._take_found(desk.current.id, found)
        assert words in part(dock, "projection-score").text()


def test_an_earlier_rung_restarts_from_there(qtbot, window, dock, photo, searches):
    add(qtbot, window, photo)
    dock.search.start()
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    go_on, rungs = part(dock, "projection-continue"), part(dock, "projection-rungs")
    assert go_on.text() == "Continue"
    rungs.setCurrentIndex(1)
    rungs.activated.emit(1)
    assert go_on.text() == "Restart from here"
    qtbot.mouseClick(go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(searches) == 2, timeout=WAIT_MS)
    assert searches[1][1].latent[0, 0].item() == pytest.approx(0.18)


def test_every_loss_has_a_curve(qtbot, window, dock, photo, searches):
    add(qtbot, window, photo)
    plot = part(dock, "projection-plot")
    assert plot.isHidden()
    dock.search.start()
    qtbot.waitUntil(lambda: plot.points("perceptual") == 1, timeout=WAIT_MS)
    assert plot.isVisible()
    assert "perceptual" in part(dock, "loss-values").text()


def test_a_finder_that_fails_leaves_marks_and_square(qtbot, window, dock, photo, monkeypatch):
    class Broken:
        def find(self, pixels, *, check_cancel):
            raise ImageError("The finder broke.")

    monkeypatch.setattr(finders, "make_finder", lambda *_: Broken())
    add(qtbot, window, photo)
    item = window.context.photos.current
    assert item.state == "ready"
    assert item.quad.side == 100


def test_weights_of_a_finder_are_fetched_where_the_user_asks(
    qtbot, window, dock, photo, tmp_path: Path, monkeypatch
):  # fmt: skip
    content = b"weights" * 1000
    name = f"net-{hashlib.sha256(content).hexdigest()[:10]}.pth"
    made = []
    monkeypatch.setattr(finders, "make_finder", lambda finder, *_: (made.append(finder), TwoFaces())[1])
    with WebServer() as server:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        monkeypatch.setattr(fan, "FAN_FILES", (HubFile(name, server.url(f"/{name}"), 1),))
        add(qtbot, window, photo)
        chooser, fetch = part(dock, "projection-finder"), part(dock, "projection-fetch-finder")
        assert fetch.isHidden()
        chooser.setCurrentIndex(1)
        chooser.activated.emit(1)
        assert fetch.isVisible()
        told = []
        window.context.messages.posted.connect(lambda *words: told.append(" ".join(map(str, words))))
        qtbot.mouseClick(fetch, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
        assert "mtcnn" in told[0]
        assert "Fetch" in fetch.text()
        assert made == ["mtcnn"]
        server.files[f"/{name}"] = ServedFile(content)
        qtbot.mouseClick(fetch, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: made == ["mtcnn", "fan"], timeout=WAIT_MS)
    assert fetch.isHidden()


def test_every_face_becomes_a_photo_of_its_own(qtbot, window, dock, photo, searches, monkeypatch):
    monkeypatch.setattr(finders, "make_finder", lambda *_: TwoFaces())
    add(qtbot, window, photo)
    faces = part(dock, "projection-faces")
    index = faces.findData("all")
    faces.setCurrentIndex(index)
    faces.activated.emit(index)
    desk = window.context.photos
    assert [item.chosen for item in desk.items] == [0, 1]
    assert desk.items[1].name == "photo.png, face 2"
    dock.search.start_all()
    qtbot.waitUntil(lambda: [item.state for item in desk.items] == ["found", "found"], timeout=WAIT_MS)


def test_a_painted_mask_decides_what_is_pasted(qtbot, window, dock, photo, searches, tmp_path):
    add(qtbot, window, photo)
    dock.search.start()
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    part(dock, "paste-difference").setChecked(False)
    mask = part(dock, "paste-mask")
    mask.setCurrentIndex(mask.findData("brush"))
    view = dock.findChild(PhotoView)
    middle = view.placeOf((50, 60)).toPoint()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(view, middle + QPoint(4, 0))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle + QPoint(4, 0))
    dock.paste.save(str(tmp_path / "out.png"))
    qtbot.waitUntil((tmp_path / "out.png").exists, timeout=WAIT_MS)
    before, after = (np.asarray(Image.open(one).convert("RGB")) for one in (photo, tmp_path / "out.png"))
    assert (before[60, 50] != after[60, 50]).any()
    assert (before[:, :20] == after[:, :20]).all()
    assert (before[:20] == after[:20]).all()


def test_strokes_follow_the_crop_and_can_be_taken_away() -> None:
    from latent_studio.methods.alignment.crop import square_quad

    quad, brush = square_quad((200, 100)), BrushMask()
    brush.stroke(quad, (100, 50), (100, 50), radius=0.1)
    rows, columns = np.nonzero(brush.pixels)
    assert (rows.mean(), columns.mean()) == (pytest.approx(128, abs=2), pytest.approx(128, abs=2))
    assert brush.pixels.any(1).sum() == pytest.approx(51, abs=2)
    brush.stroke(quad, (100, 50), (100, 50), radius=0.2, erase=True)
    assert brush.is_empty


@pytest.mark.parametrize("schedule", ["stylegan2-ada", "mmgen"])
def test_published_methods_are_offered(qtbot, window, dock, photo, searches, schedule):
    add(qtbot, window, photo)
    methods = part(dock, "projection-schedule")
    methods.setCurrentIndex(methods.findData(schedule))
    dock.search.start()
    qtbot.waitUntil(lambda: len(searches) == 1, timeout=WAIT_MS)
    assert searches[0][0].schedule == schedule
    assert not part(dock, "projection-weight-pixel").isEnabled()


def test_a_film_that_was_kept_is_saved(qtbot, window, dock, photo, searches, tmp_path, monkeypatch):
    add(qtbot, window, photo)
    dock.search.start()
    qtbot.waitUntil(lambda: window.context.photos.current.state == "found", timeout=WAIT_MS)
    button = part(dock, "projection-save-film")
    assert button.isHidden()
    item = window.context.photos.current
    frames = (np.zeros((64, 64, 3), np.uint8),) * 3
    window.context.photos._take_found(item.id, replace(item.found, frames=frames))
    path = tmp_path / "search.gif"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(path.exists, timeout=WAIT_MS)
    with Image.open(path) as film:
        assert film.size == (128, 64)


def test_found_photos_become_keys_of_the_timeline(qtbot, window, dock, photo, searches, tmp_path):
    other = tmp_path / "other.png"
    Image.open(photo).rotate(90, expand=True).save(other)
    add(qtbot, window, photo, other)
    keys = part(dock, "projection-to-timeline")
    assert not keys.isEnabled()
    dock.search.start_all()
    desk = window.context.photos
    qtbot.waitUntil(lambda: [item.state for item in desk.items] == ["found", "found"], timeout=WAIT_MS)
    qtbot.mouseClick(keys, Qt.MouseButton.LeftButton)
    made = window.context.store.session.timeline.keys
    assert [(key.seconds, key.name) for key in made] == [(0.0, "photo.png"), (2.0, "other.png")]
    window.context.store.undo()
    assert not window.context.store.session.timeline.keys


def test_two_folders_are_handed_to_the_ratings(qtbot, window, dock, photo, tmp_path, monkeypatch):
    from latent_studio.ui.views.rating import RatingView

    given = []
    monkeypatch.setattr(RatingView, "rate_folders", lambda self, folders: given.append(folders))
    add(qtbot, window, photo)
    answers = iter([str(tmp_path / "with"), str(tmp_path / "without")])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(answers))
    qtbot.mouseClick(part(dock, "projection-learn"), Qt.MouseButton.LeftButton)
    assert given == [(tmp_path / "with", tmp_path / "without")]


def test_a_search_that_goes_on_is_copied_with_what_it_began_at(qtbot, window, dock, photo, searches):
    add(qtbot, window, photo)
    desk = window.context.photos
    dock.search.start()
    qtbot.waitUntil(lambda: desk.current.state == "found", timeout=WAIT_MS)
    rung = desk.current.found.projection.rungs[1]
    dock.search.go_on(rung)
    qtbot.waitUntil(lambda: len(searches) == 2 and desk.current.state == "found", timeout=WAIT_MS)
    window.context.commands.copy(desk.current.twin)
    words = shlex.split(QGuiApplication.clipboard().text())
    options = ProjectOptions(**parse_arguments(words[1:]).values)
    assert options.photos == (str(photo),)
    (stored,) = read_latents(options.go_on, SPEC)
    assert stored.latent == rung_latent(rung)[0]
    film = window.findChild(FilmSaver)
    film.save(desk.current, photo.with_name("way.gif"))
    window.context.actions["copy_deed_command"].trigger()
    words = shlex.split(QGuiApplication.clipboard().text())
    assert ProjectOptions(**parse_arguments(words[1:]).values).video == "gif"
    assert str(options.go_on) in words
