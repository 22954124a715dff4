"""What the window does with a small real model, and what the copied command does of it in another profile."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from latent_studio.app.direction_library import DirectionLibrary
from latent_studio.app.latent_map import draw_samples
from latent_studio.app.paths import Paths
from latent_studio.app.projector import Found
from latent_studio.app.settings import Settings, load_settings
from latent_studio.app.studio import Studio
from latent_studio.cli.main import main
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.pose import Pose
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.timeline import Timeline
from latent_studio.methods.alignment.paste import PasteSettings
from latent_studio.methods.projection.objective import Score
from latent_studio.methods.projection.rungs import Projection, Rung
from latent_studio.ui.channel_picker import ChannelPicker
from latent_studio.ui.direction_marks import mark
from latent_studio.ui.docks.export import ExportDock
from latent_studio.ui.edit_combiner import EditCombiner
from latent_studio.ui.map_group import MapGroup
from latent_studio.ui.photo_paster import save_pasted
from latent_studio.ui.picture_saver import PictureSaver
from latent_studio.ui.timeline_editor import TimelineEditor
from latent_studio.ui.widgets.picture_grid import PictureGrid
from tests.helpers.model_files import write_tiny_model
from tests.qt.conftest import WAIT_MS


@pytest.fixture
def studio(profile) -> Studio:
    return Studio(Paths.in_profile(profile), Settings(device="cpu", threads=1, measure_forms=False))


@pytest.fixture
def window(open_window, tmp_path):
    """A state that no option holds: between seeds, with two edits."""
    window = open_window(str(write_tiny_model(tmp_path / "tiny.safetensors")))
    store = window.context.store
    store.set_base(SeedPoint(3, 0.25, 0.5), "Walk")
    for place, direction in enumerate(window.context.models.model.directions[:2]):
        store.set_amount(direction, 1.5 - place)
    store.close_gesture()
    return window


@pytest.fixture
def again(qtbot, window, tmp_path):
    """Wait for the jobs, copy what was done last, and let the command do it in another profile."""

    def run(written: Path | None = None) -> bytes:
        qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)
        window.context.actions["copy_deed_command"].trigger()
        words = shlex.split(QGuiApplication.clipboard().text())
        assert words[0] == "latent-studio"
        ours = b"" if written is None else written.read_bytes()
        if written is not None:
            written.unlink()
        assert main([*words[1:], "--profile", str(tmp_path / "other"), "--threads", "1"]) == 0
        if written is not None:
            assert written.read_bytes() == ours
        return ours

    return run


def test_seeds_with_their_edits_come_again_byte_for_byte(qtbot, window, again, tmp_path):
    store = window.context.store
    store.set_synthesis(replace(store.session.synthesis, truncation_psi=0.6), "Truncate")
    window.views.bring("grid")
    view = window.views.widget("grid")
    view.show_page(1)
    seeds = view.findChild(PictureGrid, "seed-grid")
    seeds.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Space):
        qtbot.keyClick(seeds, key)
    view.export(tmp_path / "seeds")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)
    (tmp_path / "seeds" / "seed0001.png").unlink()
    again(tmp_path / "seeds" / "seed0002.png")
    assert (tmp_path / "seeds" / "seed0001.png").is_file()


def film_of(window):
    """Put a film of two keys into the session."""
    store = window.context.store
    pose = Pose.of(store.session)
    model = store.session.model
    timeline = Timeline(fps=4).with_pose(0, pose, model=model)
    timeline = timeline.with_pose(1, replace(pose, base=SeedPoint(2)), model=model)
    store.replace(replace(store.session, timeline=timeline), "Film")


def test_a_saved_picture_comes_again_byte_for_byte(window, again, tmp_path):
    window.findChild(PictureSaver).save(tmp_path / "a.png")
    again(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("subject", "name"), [("picture", "a.png"), ("traversal", "a.gif"), ("timeline", "b.mp4")]
)
def test_an_export_comes_again_byte_for_byte(window, again, tmp_path, subject, name):
    film_of(window)
    window.context.actions["export_gif"].trigger()
    dock = window.findChild(ExportDock)
    dock.choose(subject)
    format = dock.findChild(QWidget, "export-format")
    format.setCurrentIndex(format.findData(name[2:]))
    dock.findChild(QWidget, "option-frames").setValue(6)
    dock.findChild(QWidget, "export-file").setText(str(tmp_path / name))
    dock.start()
    again(tmp_path / name)


def test_a_saved_timeline_comes_again_byte_for_byte(window, again, tmp_path):
    film_of(window)
    window.findChild(TimelineEditor).save(tmp_path / "way.json")
    again(tmp_path / "way.json")


def test_a_setting_is_changed_again_in_another_profile(window, again, tmp_path):
    window.context.preferences.set("autosave_seconds", 30)
    again()
    assert load_settings(Paths.in_profile(tmp_path / "other")).autosave_seconds == 30


@pytest.mark.parametrize("shape", ["ellipse", "brush"])
def test_a_photo_with_its_edited_face_comes_again_byte_for_byte(qtbot, window, again, tmp_path, shape):
    noise = np.random.default_rng(0).integers(0, 255, (6, 5, 3), dtype=np.uint8)
    large = Image.fromarray(noise).resize((100, 120), Image.Resampling.BICUBIC)
    desk = window.context.photos
    if shape == "ellipse":
        large.save(tmp_path / "photo.jpg")
        desk.add_files([str(tmp_path / "photo.jpg")])
    else:
        desk.add_pixels(np.asarray(large), "clipboard")
    qtbot.waitUntil(lambda: desk.current.state != "reading", timeout=WAIT_MS)
    brush = np.zeros((64, 64), np.uint8)
    brush[10:50, 20:40] = 255
    item = desk.current
    if shape == "brush":
        score = Score(0.1, 20.0, 1.0, 0.1, "pooled")
        picture = torch.linspace(-1, 1, 16 * 16 * 3).reshape(1, 3, 16, 16)
        found = Projection((Rung("w", "w", torch.zeros(16), None, picture, score, 1.0, 5),))
        item = replace(item, found=Found(found, item.crop, ""))
    settings = PasteSettings(
        strength=0.9, shape=shape, feather=0.05, match_colour=0.4, detail=0.25, difference=shape == "brush"
    )
    session, out = window.context.store.session, tmp_path / "out.png"
    save_pasted(window.context, item, session, settings, str(out), brush=brush)
    again(out)
    with Image.open(out) as image:
        assert np.abs(np.asarray(image).astype(int) - np.asarray(large)).max() > 30


def kept(studio: Studio, paths: Paths) -> list[tuple[object, ...]]:
    """What the library of the model in a profile has of the user's, read from disk."""
    library = DirectionLibrary.of_model(
        paths, studio.model.ref.sha256, studio.model.spec, studio.model.directions, model_file=Path("none")
    )
    return [(one.direction, one.mark, one.is_kept) for one in library.entries]


def combine(window) -> None:
    EditCombiner(window.context, window).combine("both")


def add_channel(window) -> None:
    layer = window.context.models.model.generator.style_layers[1].name
    ChannelPicker(window.context, window).add(layer, 3)


def learn_group(window) -> None:
    context = window.context
    samples = draw_samples(
        context.studio, count=150, classes=(), progress=ignore_progress, cancel=CancelToken()
    )
    MapGroup(context, window).learn(samples, samples.latents[:, 0] > 0, "to the right", "mean")


def star_and_name(window) -> None:
    id = window.context.models.model.directions[1].id
    mark(window.context, id, name="nod", star=True, turn=True, ends=(-1.0, 2.5), rows=(0, 1))


@pytest.mark.parametrize("do", [combine, add_channel, learn_group, star_and_name])
def test_a_direction_made_by_hand_is_made_again_in_another_profile(
    qtbot, window, studio, again, tmp_path, do
):
    before = kept(studio, studio.paths)
    do(window)
    again()
    ours = kept(studio, studio.paths)
    assert ours != before
    assert kept(studio, Paths.in_profile(tmp_path / "other")) == ours
